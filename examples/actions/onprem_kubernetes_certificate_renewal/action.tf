# Renews what runs out in a year, one control plane after the other:
# `terraform apply -invoke=action.onprem_kubernetes_certificate_renewal.seoul`.
action "onprem_kubernetes_certificate_renewal" "seoul" {
  config {
    address = "192.168.1.11"
  }
}
