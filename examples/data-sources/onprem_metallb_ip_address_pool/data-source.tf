data "onprem_metallb_ip_address_pool" "stage" {
  namespace = "metallb-system" # the default
  name      = "seoul-stage"
}

output "free_addresses" {
  value = data.onprem_metallb_ip_address_pool.stage.available_ipv4
}
