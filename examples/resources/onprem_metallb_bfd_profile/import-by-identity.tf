import {
  to = onprem_metallb_bfd_profile.fast
  identity = {
    namespace = "metallb-system"
    name      = "fast"
  }
}
