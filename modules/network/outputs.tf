output "cluster" {
  description = "Name of the cluster, when its network is there: give it to modules that need the network."
  value       = var.name

  depends_on = [onprem_calico_bgp_configuration.this, onprem_calico_ip_pool.this, onprem_calico_bgp_peer.this]
}

output "as_number" {
  description = "AS number of the cluster's nodes."
  value       = var.as_number
}

output "ip_pools" {
  description = "Networks of the pools, by name."
  value       = { for name, pool in onprem_calico_ip_pool.this : name => pool.cidr }
}

output "bgp_peers" {
  description = "Addresses of the BGP peers, by name."
  value       = { for name, peer in onprem_calico_bgp_peer.this : name => peer.peer_ip }
}
