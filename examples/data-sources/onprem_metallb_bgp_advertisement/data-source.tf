data "onprem_metallb_bgp_advertisement" "first" {
  namespace = "metallb-system" # the default
  name      = "tokyo-tor-1"
}

output "communities" {
  value = data.onprem_metallb_bgp_advertisement.first.communities
}
