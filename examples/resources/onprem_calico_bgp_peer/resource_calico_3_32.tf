# An AS number, next hop and keepalive of one session, and virtual routers that
# run as pods: needs Calico 3.32.
resource "onprem_calico_bgp_peer" "head_office" {
  name            = "head-office"
  peer_ip         = "203.0.113.9"
  as_number       = 65000
  local_as_number = 64519
  next_hop_mode   = "Self"
  keepalive_time  = "10s"
}

resource "onprem_calico_bgp_peer" "virtual_routers" {
  name                    = "virtual-routers"
  local_workload_selector = "app == 'virtual-router'"
  as_number               = 64518
}

resource "onprem_calico_bgp_peer" "spine" {
  name            = "spine"
  peer_selector   = "spine == 'true'"
  reverse_peering = "Manual"
}
