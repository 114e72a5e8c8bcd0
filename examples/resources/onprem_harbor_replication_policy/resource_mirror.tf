# Another site gets what is approved and no draft, gently: at most 10 MB/s, one
# run at a time (Harbor 2.15), and what is deleted here goes there as well.
resource "onprem_harbor_registry" "tokyo" {
  name = "tokyo"
  type = "harbor"
  url  = "https://harbor.tokyo.example.internal"
}

resource "onprem_harbor_replication_policy" "tokyo" {
  name             = "mirror-tokyo"
  description      = "Stopped while the line to Tokyo is being repaired"
  enabled          = false
  dest_registry_id = onprem_harbor_registry.tokyo.id
  filters = [
    { type = "name", value = "team*-prod/**" },
    { type = "label", values = ["approved"] },
    { type = "tag", value = "*-draft", decoration = "excludes" },
  ]
  trigger = { type = "scheduled", cron = "0 30 1 * * *" }

  speed                     = 10240
  copy_by_chunk             = true
  deletion                  = true
  single_active_replication = true
}
