# Saves etcd:
# `terraform apply -invoke=action.onprem_kubernetes_etcd_snapshot.seoul`.
action "onprem_kubernetes_etcd_snapshot" "seoul" {
  config {
    address = "192.168.1.11"
  }
}
