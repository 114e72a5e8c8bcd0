import {
  to = onprem_kong_route.this
  identity = {
    id = "id"
  }
}
