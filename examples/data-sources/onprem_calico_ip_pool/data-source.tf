data "onprem_calico_ip_pool" "pods" {
  name = "seoul-pods"
}

output "nodes_that_fit" {
  value = pow(2, data.onprem_calico_ip_pool.pods.block_size - split("/", data.onprem_calico_ip_pool.pods.cidr)[1])
}
