import {
  to = onprem_harbor_replication_policy.this
  identity = {
    id = 1
  }
}
