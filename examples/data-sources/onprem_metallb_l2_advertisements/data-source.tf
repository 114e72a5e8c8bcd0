data "onprem_metallb_l2_advertisements" "all" {
  namespace = "metallb-system" # all namespaces without it
}

output "interfaces_of_tokyo" {
  value = { for a in data.onprem_metallb_l2_advertisements.all.l2_advertisements : a.name => a.interfaces if try(a.labels["site"], "") == "tokyo" }
}
