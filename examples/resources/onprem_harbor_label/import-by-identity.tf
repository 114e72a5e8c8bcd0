import {
  to = onprem_harbor_label.this
  identity = {
    id = 1
  }
}
