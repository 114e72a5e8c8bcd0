# By its name.
data "onprem_kong_route" "portal" {
  name = "portal"
}

output "portal_hosts" {
  value = data.onprem_kong_route.portal.hosts
}
