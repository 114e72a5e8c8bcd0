# Three control planes behind a virtual IP, two workers for databases, two for GPUs.
resource "onprem_kubernetes_cluster" "seoul" {
  name                   = "prod-seoul"
  version                = "1.34.4"
  control_plane_endpoint = "192.168.1.100:6443"
  pod_cidr               = "10.244.0.0/16"
  service_cidr           = "10.96.0.0/16"

  virtual_ip = {
    address   = "192.168.1.100"
    interface = "bond0"
  }

  nodes = {
    cp-01     = { role = "control-plane", address = "192.168.1.11" }
    cp-02     = { role = "control-plane", address = "192.168.1.12" }
    cp-03     = { role = "control-plane", address = "192.168.1.13" }
    worker-01 = { role = "worker", address = "192.168.1.21", labels = { service = "database" } }
    worker-02 = { role = "worker", address = "192.168.1.22", labels = { service = "database" } }
    gpu-01    = { role = "worker", address = "192.168.1.31", taints = [{ key = "gpu", effect = "NoSchedule" }] }
    gpu-02    = { role = "worker", address = "192.168.1.32", taints = [{ key = "gpu", effect = "NoSchedule" }] }
  }
}
