# By an expression, on a gateway with `router_flavor = expressions`.
resource "onprem_kong_service" "user" {
  name = "user-service"
  url  = "http://user-service.apigateway.svc:8080"
}

resource "onprem_kong_route" "user" {
  name       = "user-api"
  expression = <<-EOT
    http.path ^= "/users" && (http.method == "GET" || http.headers.x_canary == "1")
  EOT
  priority   = 100
  strip_path = false
  service    = { id = onprem_kong_service.user.id }
}
