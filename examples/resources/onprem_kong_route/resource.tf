# By host, method and path; the path goes upstream as it came.
resource "onprem_kong_service" "portal" {
  name = "portal"
  url  = "http://guacamole.secern-access-portal.svc:8080/guacamole"
}

resource "onprem_kong_route" "portal" {
  name                       = "portal"
  protocols                  = ["https"]
  hosts                      = ["accessportal.example.internal"]
  paths                      = ["/guacamole"]
  strip_path                 = false
  preserve_host              = true
  https_redirect_status_code = 308
  service                    = { id = onprem_kong_service.portal.id }
  tags                       = ["portal", "prod"]
}

# The recordings of sessions, matched by a regular expression.
resource "onprem_kong_route" "recordings" {
  name           = "portal-recordings"
  methods        = ["GET"]
  paths          = ["~/guacamole/recordings/\\d+$"]
  regex_priority = 10
  service        = { id = onprem_kong_service.portal.id }
}
