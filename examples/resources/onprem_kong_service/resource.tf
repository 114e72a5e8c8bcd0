# An API inside the cluster.
resource "onprem_kong_service" "frs" {
  name            = "frs-api"
  url             = "http://frs.nicepayment-frs.svc:8080"
  retries         = 3
  connect_timeout = 5000
  tags            = ["payment", "prod"]
}

# The access portal keeps WebSockets open: an hour without traffic is fine.
resource "onprem_kong_service" "portal" {
  name         = "portal"
  protocol     = "http"
  host         = "guacamole.secern-access-portal.svc"
  port         = 8080
  path         = "/guacamole"
  read_timeout = 3600000
}
