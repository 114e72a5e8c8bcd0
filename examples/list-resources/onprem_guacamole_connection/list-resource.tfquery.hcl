# All connections, with what they are set to; passwords and keys are never part of it.
list "onprem_guacamole_connection" "all" {
  provider         = onprem
  include_resource = true
}
