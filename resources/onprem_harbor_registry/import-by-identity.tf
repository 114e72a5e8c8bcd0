import {
  to = onprem_harbor_registry.this
  identity = {
    id = 1
  }
}
