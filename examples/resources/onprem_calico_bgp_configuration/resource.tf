# The nodes peer with the switches and not with each other. Addresses of
# services are announced too, those of the payment services with a community.
resource "onprem_calico_bgp_configuration" "default" {
  as_number                 = 64512
  node_to_node_mesh_enabled = false

  service_cluster_ips = [{ cidr = "10.96.0.0/16" }]

  communities = [{
    name  = "payments"
    value = "64512:100"
  }]
  prefix_advertisements = [{
    cidr        = "10.96.128.0/24"
    communities = ["payments"]
  }]
}

# A node to look at more closely.
resource "onprem_calico_bgp_configuration" "worker" {
  name                = "node.worker-01"
  log_severity_screen = "Debug"
}
