# The machine that answers SSH at the endpoint's host is asked: the holder of the virtual IP.
import {
  to = onprem_kubernetes_cluster.seoul
  identity = {
    name                   = "prod-seoul"
    control_plane_endpoint = "192.168.1.100:6443"
  }
}
