import {
  to = onprem_metallb_bfd_profile.this
  identity = {
    name = "name"
    namespace = "namespace"
  }
}
