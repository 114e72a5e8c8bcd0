output "name" {
  description = "Name of the cluster, when it is there: give it to modules that need the cluster."
  value       = var.name

  depends_on = [onprem_kubernetes_cluster.this]
}

output "endpoint" {
  description = "Where the API server is reached, host:port."
  value       = local.endpoint

  depends_on = [onprem_kubernetes_cluster.this]
}

output "ca_certificate" {
  description = "Certificate of the cluster's authority, in PEM form."
  value       = onprem_kubernetes_cluster.this.ca_certificate
}

output "ca_hash" {
  description = "SHA-256 of the authority's public key, as kubeadm join takes it."
  value       = onprem_kubernetes_cluster.this.ca_hash
}

output "certificates_expire_at" {
  description = "When the first of the control planes' certificates ends."
  value       = onprem_kubernetes_cluster.this.certificates_expire_at
}

output "nodes" {
  description = "Addresses of the nodes, by name."
  value       = { for name, node in var.nodes : name => node.address }

  depends_on = [onprem_kubernetes_cluster.this]
}

output "node_status" {
  description = "What was last seen of each node, by name: role, version, ready, etcd_member and so on."
  value       = onprem_kubernetes_cluster.this.node_status
}

output "kubeconfig" {
  description = "The administrator's kubeconfig, where store_kubeconfig is true; null otherwise."
  value       = onprem_kubernetes_cluster.this.kubeconfig
  sensitive   = true
}
