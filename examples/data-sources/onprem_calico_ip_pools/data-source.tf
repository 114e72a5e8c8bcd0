data "onprem_calico_ip_pools" "all" {}

output "networks_of_tokyo" {
  value = [for pool in data.onprem_calico_ip_pools.all.ip_pools : pool.cidr if try(pool.labels["site"], "") == "tokyo"]
}
