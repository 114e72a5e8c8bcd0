import {
  to = onprem_kubernetes_cluster.this
  identity = {
    control_plane_endpoint = "control-plane-endpoint"
    name = "name"
  }
}
