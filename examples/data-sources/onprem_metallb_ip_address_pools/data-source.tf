data "onprem_metallb_ip_address_pools" "all" {
  namespace = "metallb-system"
}

output "addresses" {
  value = { for p in data.onprem_metallb_ip_address_pools.all.ip_address_pools : p.name => p.addresses }
}
