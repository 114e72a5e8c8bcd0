data "onprem_metallb_l2_advertisement" "stage" {
  name = "seoul-stage"
}

output "announced_pools" {
  value = data.onprem_metallb_l2_advertisement.stage.ip_address_pools
}
