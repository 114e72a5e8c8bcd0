# The pods of the cluster in Seoul. The switches know the routes by BGP, so that
# nothing is encapsulated.
resource "onprem_calico_ip_pool" "pods" {
  name         = "seoul-pods"
  cidr         = "10.244.0.0/16"
  block_size   = 26
  nat_outgoing = true
}

# Pods on the GPU nodes, with addresses of their own.
resource "onprem_calico_ip_pool" "gpu" {
  name          = "seoul-gpu"
  cidr          = "10.246.0.0/20"
  vxlan_mode    = "CrossSubnet"
  node_selector = "has(nvidia.com/gpu)"
}
