data "onprem_calico_bgp_configuration" "default" {
  name = "default"
}

output "as_number" {
  value = data.onprem_calico_bgp_configuration.default.as_number
}
