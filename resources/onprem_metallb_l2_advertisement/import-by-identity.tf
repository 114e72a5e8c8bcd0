import {
  to = onprem_metallb_l2_advertisement.this
  identity = {
    name = "name"
    namespace = "namespace"
  }
}
