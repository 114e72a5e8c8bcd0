# An API inside the cluster, and the access portal, whose WebSockets may be
# without traffic for an hour.
resource "onprem_kong_service" "frs" {
  name            = "frs-api"
  url             = "http://frs.nicepayment-frs.svc:8080"
  retries         = 3
  connect_timeout = 5000
  tags            = ["payment", "prod"]
}

resource "onprem_kong_service" "portal" {
  name          = "portal"
  protocol      = "http"
  host          = "guacamole.secern-access-portal.svc"
  port          = 8080
  path          = "/guacamole"
  read_timeout  = 3600000
  write_timeout = 3600000
}
