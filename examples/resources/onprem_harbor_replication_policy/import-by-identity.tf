import {
  to = onprem_harbor_replication_policy.backup
  identity = {
    id = 1
  }
}
