# By its id, as a route has it.
data "onprem_kong_route" "portal" {
  name = "portal"
}

data "onprem_kong_service" "portal" {
  id = data.onprem_kong_route.portal.service.id
}
