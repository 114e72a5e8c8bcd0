# Other providers log in with it, and nothing of it is stored.
ephemeral "onprem_kubernetes_kubeconfig" "seoul" {
  address = "192.168.1.11"
}

provider "kubernetes" {
  host                   = ephemeral.onprem_kubernetes_kubeconfig.seoul.host
  cluster_ca_certificate = ephemeral.onprem_kubernetes_kubeconfig.seoul.cluster_ca_certificate
  client_certificate     = ephemeral.onprem_kubernetes_kubeconfig.seoul.client_certificate
  client_key             = ephemeral.onprem_kubernetes_kubeconfig.seoul.client_key
}
