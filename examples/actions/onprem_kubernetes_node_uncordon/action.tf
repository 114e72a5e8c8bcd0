# Lets pods come back to a machine:
# `terraform apply -invoke=action.onprem_kubernetes_node_uncordon.gpu_01`.
action "onprem_kubernetes_node_uncordon" "gpu_01" {
  config {
    address = "192.168.1.11"
    node    = "gpu-01"
  }
}
