# The other site, behind a gateway. Its routes may have our AS number in them,
# they keep their next hop, and are filtered.
resource "onprem_calico_bgp_peer" "tokyo" {
  name                         = "tokyo"
  peer_ip                      = "203.0.113.1"
  as_number                    = 64513
  node                         = "cp-01"
  reachable_by                 = "192.168.1.1"
  source_address               = "None"
  keep_original_next_hop       = true
  num_allowed_local_as_numbers = 1
  filters                      = ["between-sites"]
}
