# A small site without switches that speak BGP: the nodes peer with each other,
# by password. Addresses from outside are announced, and those of load balancers.
resource "onprem_calico_bgp_configuration" "default" {
  as_number                  = 64530
  node_to_node_mesh_enabled  = true
  node_mesh_max_restart_time = "60s"
  listen_port                = 1179
  bind_mode                  = "NodeIP"
  ignored_interfaces         = ["docker*", "br-*"]

  node_mesh_password_secret = {
    name     = "bgp-passwords"
    key      = "mesh"
    optional = true
  }
  service_external_ips      = [{ cidr = "203.0.113.64/28" }]
  service_load_balancer_ips = [{ cidr = "192.168.10.176/28" }]
}
