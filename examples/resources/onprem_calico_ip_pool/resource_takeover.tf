# The pool that the installation made is taken over, to be emptied: pods keep
# their addresses, and new ones get theirs from elsewhere.
resource "onprem_calico_ip_pool" "default" {
  name               = "default-ipv4-ippool"
  cidr               = "10.247.0.0/16"
  ipip_mode          = "CrossSubnet"
  allowed_uses       = ["Workload", "Tunnel"]
  disabled           = true
  disable_bgp_export = false
  take_ownership     = true

  labels      = { site = "seoul" }
  annotations = { "example.internal/replaced-by" = "seoul-pods" }
  timeouts    = { create = "1m", update = "1m", delete = "10m" }
}
