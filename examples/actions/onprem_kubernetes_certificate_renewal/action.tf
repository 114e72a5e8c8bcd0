# terraform apply -invoke=action.onprem_kubernetes_certificate_renewal.seoul
action "onprem_kubernetes_certificate_renewal" "seoul" {
  config {
    address = "192.168.1.11"
  }
}
