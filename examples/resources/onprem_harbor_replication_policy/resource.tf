# Each release of a team is pushed to Docker Hub, and a base image is pulled
# from there every night.
resource "onprem_harbor_registry" "dockerhub" {
  name = "dockerhub"
  type = "docker-hub"
  url  = "https://hub.docker.com"
}

resource "onprem_harbor_replication_policy" "backup" {
  name                         = "dockerhub-backup-team1-prod"
  dest_registry_id             = onprem_harbor_registry.dockerhub.id
  dest_namespace               = "company-backup"
  dest_namespace_replace_count = 1
  filters = [
    { type = "name", value = "team1-prod/**" },
    { type = "tag", value = "{v*.*.*,latest}" },
  ]
  trigger = { type = "event_based" }
}

resource "onprem_harbor_replication_policy" "mirror" {
  name            = "mirror-alpine"
  src_registry_id = onprem_harbor_registry.dockerhub.id
  dest_namespace  = "base-images"
  override        = true
  filters         = [{ type = "name", value = "library/alpine" }]
  trigger         = { type = "scheduled", cron = "0 0 2 * * *" }
}
