import {
  to = onprem_metallb_l2_advertisement.stage
  identity = {
    namespace = "metallb-system"
    name      = "seoul-stage"
  }
}
