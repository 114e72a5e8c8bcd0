data "onprem_calico_ip_pools" "all" {}

output "networks" {
  value = { for p in data.onprem_calico_ip_pools.all.ip_pools : p.name => p.cidr if p.disabled != true }
}
