# For machines that join by themselves at their first start.
ephemeral "onprem_kubernetes_join_token" "pool" {
  address = "192.168.1.11"
  ttl     = "30m"
}

locals {
  join = join(" ", [
    "kubeadm join", ephemeral.onprem_kubernetes_join_token.pool.control_plane_endpoint,
    "--token", ephemeral.onprem_kubernetes_join_token.pool.token,
    "--discovery-token-ca-cert-hash", ephemeral.onprem_kubernetes_join_token.pool.ca_cert_hash,
  ])
}
