# Only the addresses in use are announced, not their networks: needs Calico 3.31.
resource "onprem_calico_bgp_configuration" "default" {
  service_load_balancer_ips         = [{ cidr = "192.168.1.176/28" }]
  service_load_balancer_aggregation = "Disabled"
}
