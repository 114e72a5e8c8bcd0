# What runs, and until when its certificates are good.
data "onprem_kubernetes_cluster" "seoul" {
  address = "192.168.1.11"
}

output "not_ready" {
  value = [for name, node in data.onprem_kubernetes_cluster.seoul.nodes : name if !node.ready]
}

output "certificates_expire_at" {
  value = data.onprem_kubernetes_cluster.seoul.certificates_expire_at
}
