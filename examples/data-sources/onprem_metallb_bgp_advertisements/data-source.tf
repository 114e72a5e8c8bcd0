data "onprem_metallb_bgp_advertisements" "all" {
  namespace = "metallb-system"
}

# Advertisements of all pools, which name none.
output "of_all_pools" {
  value = [for a in data.onprem_metallb_bgp_advertisements.all.bgp_advertisements : a.name if a.ip_address_pools == null]
}
