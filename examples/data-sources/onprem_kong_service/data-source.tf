# By its name: a service that another team manages.
data "onprem_kong_service" "frs" {
  name = "frs-api"
}

resource "onprem_kong_route" "frs" {
  name    = "frs-internal"
  hosts   = ["frs.example.internal"]
  service = { id = data.onprem_kong_service.frs.id }
}
