import {
  to = onprem_kong_service.this
  identity = {
    id = "id"
  }
}
