import {
  to = onprem_harbor_project.this
  identity = {
    name = "name"
  }
}
