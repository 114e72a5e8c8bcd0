# Moves everything away from a machine:
# `terraform apply -invoke=action.onprem_kubernetes_node_drain.gpu_01`.
action "onprem_kubernetes_node_drain" "gpu_01" {
  config {
    address = "192.168.1.11"
    node    = "gpu-01"
    timeout = "20m"
  }
}
