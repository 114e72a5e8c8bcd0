data "onprem_metallb_bgp_advertisements" "all" {
  namespace = "metallb-system" # all namespaces without it
}

output "preferences_of_tokyo" {
  value = { for a in data.onprem_metallb_bgp_advertisements.all.bgp_advertisements : a.name => a.local_pref if try(a.labels["site"], "") == "tokyo" }
}
