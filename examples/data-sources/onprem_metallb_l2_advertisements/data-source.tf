data "onprem_metallb_l2_advertisements" "all" {
  namespace = "metallb-system"
}

output "interfaces" {
  value = { for a in data.onprem_metallb_l2_advertisements.all.l2_advertisements : a.name => a.interfaces }
}
