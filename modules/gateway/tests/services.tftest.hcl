variables {
  services = {
    frs-api = {
      url    = "http://frs.nicepayment-frs.svc:8080"
      routes = { frs-api = { hosts = ["api.example.com"], paths = ["/frs"], protocols = ["https"] } }
    }
    portal = {
      url          = "http://guacamole.secern-access-portal.svc:8080/guacamole"
      read_timeout = 3600000
      tags         = ["portal"]
      routes = {
        portal     = { hosts = ["accessportal.example.com"], paths = ["/guacamole"], strip_path = false }
        recordings = { paths = ["~/guacamole/recordings/\\d+$"], methods = ["GET"], regex_priority = 10 }
      }
    }
    board-service = { url = "http://board-service.apigateway.svc:8080" }
  }
}

run "everything" {
  assert {
    condition     = length(output.services) == 3 && toset(keys(output.routes)) == toset(["frs-api", "portal", "recordings"])
    error_message = "There should be 3 services and 3 routes."
  }
  assert {
    condition = (
      onprem_kong_route.this["recordings"].service.id == output.services["portal"] &&
      onprem_kong_route.this["frs-api"].service.id == output.services["frs-api"]
    )
    error_message = "Each route should lead to the service it stands in."
  }
  assert {
    condition     = !onprem_kong_route.this["portal"].strip_path && onprem_kong_route.this["frs-api"].strip_path
    error_message = "Paths should be cut off unless told otherwise."
  }
  assert {
    condition     = onprem_kong_service.this["portal"].read_timeout == 3600000 && onprem_kong_service.this["frs-api"].read_timeout == 60000
    error_message = "Timeouts should be Kong's unless told otherwise."
  }
}

run "route_moved" {
  variables {
    services = {
      portal = { url = "http://portal.example.internal:8080" }
      frs-api = {
        url    = "http://frs.nicepayment-frs.svc:8080"
        routes = { recordings = { paths = ["~/guacamole/recordings/\\d+$"], methods = ["GET"] } }
      }
    }
  }

  assert {
    condition     = keys(output.routes) == ["recordings"] && toset(keys(output.services)) == toset(["frs-api", "portal"])
    error_message = "What is written no longer should be gone."
  }
  assert {
    condition     = onprem_kong_route.this["recordings"].service.id == output.services["frs-api"]
    error_message = "The route should lead to the other service."
  }
}
