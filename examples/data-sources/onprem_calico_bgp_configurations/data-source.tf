data "onprem_calico_bgp_configurations" "all" {}

output "nodes_that_trace" {
  value = [for c in data.onprem_calico_bgp_configurations.all.bgp_configurations : trimprefix(c.name, "node.") if c.log_severity_screen == "Trace"]
}
