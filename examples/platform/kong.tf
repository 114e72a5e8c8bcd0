locals {
  services = {
    frs-api              = { url = "http://frs.nicepayment-frs.svc:8080" }
    portal               = { url = "http://guacamole.secern-access-portal.svc:8080/guacamole", read_timeout = 3600000 }
    board-service        = { url = "http://board-service.apigateway.svc:8080" }
    user-service         = { url = "http://user-service.apigateway.svc:8080" }
    reserve-item-service = { url = "http://reserve-item-service.apigateway.svc:8080" }
  }

  routes = {
    frs-api              = { host = "api.example.com", path = "/frs" }
    portal               = { host = "accessportal.example.com", path = "/guacamole", strip_path = false }
    board-service        = { host = "api.example.com", path = "/board" }
    user-service         = { host = "api.example.com", path = "/user" }
    reserve-item-service = { host = "api.example.com", path = "/reserve-item" }
  }
}

resource "onprem_kong_service" "this" {
  for_each = local.services

  name         = each.key
  url          = each.value.url
  read_timeout = try(each.value.read_timeout, null) # the portal keeps a WebSocket open
}

resource "onprem_kong_route" "this" {
  for_each = local.routes

  name       = each.key
  hosts      = [each.value.host]
  paths      = [each.value.path]
  protocols  = ["https"]
  strip_path = try(each.value.strip_path, true)
  service    = { id = onprem_kong_service.this[each.key].id }
}
