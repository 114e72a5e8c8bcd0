output "pools" {
  description = "Addresses of the pools, by name."
  value       = { for name, pool in onprem_metallb_ip_address_pool.this : name => pool.addresses }
}

output "bgp_peers" {
  description = "Addresses of the routers, by name."
  value       = { for name, peer in onprem_metallb_bgp_peer.this : name => peer.peer_address }
}
