import {
  to = onprem_kong_route.portal
  identity = {
    id = "1d6f7c0a-8b1e-4a53-b9d2-0f5e6a7c8d21"
  }
}
