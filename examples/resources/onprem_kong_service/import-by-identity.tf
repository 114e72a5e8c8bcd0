import {
  to = onprem_kong_service.frs
  identity = {
    id = "8f0e2f6c-51a7-4f0e-9a55-2f6f3c1f9d10"
  }
}
