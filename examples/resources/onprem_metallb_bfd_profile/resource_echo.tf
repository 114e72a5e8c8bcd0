# The line to the other site is watched with echo packets; the other side begins.
# What was made by hand is taken over.
resource "onprem_metallb_bfd_profile" "line" {
  name           = "line-to-tokyo"
  namespace      = "metallb-system"
  echo_mode      = true
  echo_interval  = 100
  passive_mode   = true
  minimum_ttl    = 253
  take_ownership = true

  labels      = { site = "seoul" }
  annotations = { "example.internal/owner" = "network@example.internal" }
  timeouts    = { create = "1m", update = "1m", delete = "1m" }
}
