import {
  to = onprem_harbor_registry.dockerhub
  identity = {
    id = 1
  }
}
