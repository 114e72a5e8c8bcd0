# Node-specific configurations, which override the one called "default".
data "onprem_calico_bgp_configurations" "all" {}

output "node_specific" {
  value = [for c in data.onprem_calico_bgp_configurations.all.bgp_configurations : c.name if c.name != "default"]
}
