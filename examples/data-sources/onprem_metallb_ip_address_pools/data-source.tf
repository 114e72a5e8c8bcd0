data "onprem_metallb_ip_address_pools" "all" {
  namespace = "metallb-system" # all namespaces without it
}

output "ranges_of_tokyo" {
  value = flatten([for pool in data.onprem_metallb_ip_address_pools.all.ip_address_pools : pool.addresses if try(pool.labels["site"], "") == "tokyo"])
}
