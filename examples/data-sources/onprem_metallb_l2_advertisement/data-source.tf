data "onprem_metallb_l2_advertisement" "stage" {
  namespace = "metallb-system" # the default
  name      = "seoul-stage"
}

output "announced_pools" {
  value = data.onprem_metallb_l2_advertisement.stage.ip_address_pools
}
