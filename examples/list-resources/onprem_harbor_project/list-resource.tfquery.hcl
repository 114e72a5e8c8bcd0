# All projects, with what they are set to.
list "onprem_harbor_project" "all" {
  provider         = onprem
  include_resource = true
}
