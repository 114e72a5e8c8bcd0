locals {
  teams  = ["team1", "team2", "team3", "team4", "team5"]
  stages = ["dev", "prod"]
  gib    = 1024 * 1024 * 1024

  # "team1-dev" = "dev", "team1-prod" = "prod", …
  projects = merge([for team in local.teams : { for stage in local.stages : "${team}-${stage}" => stage }]...)
}

resource "onprem_harbor_project" "team" {
  for_each = local.projects

  name          = each.key
  storage_limit = (each.value == "prod" ? 100 : 20) * local.gib
  auto_scan     = true

  # What has serious holes can be pushed, but not be run in production.
  prevent_vul = each.value == "prod"
  severity    = "high"
}

resource "onprem_harbor_project" "public" {
  for_each = toset(["base-images", "shared-libraries"])

  name      = each.key
  public    = true
  auto_scan = true
}

resource "onprem_harbor_project" "cache" {
  name        = "cached-images"
  registry_id = onprem_harbor_registry.dockerhub.id
}

resource "onprem_harbor_registry" "legacy" {
  name     = "legacy-docker-registry"
  type     = "docker-registry"
  url      = "http://legacy-registry.internal:5000"
  insecure = true
}

resource "onprem_harbor_registry" "dockerhub" {
  name                     = "dockerhub"
  type                     = "docker-hub"
  url                      = "https://hub.docker.com"
  access_key               = "company-backup"
  access_secret_wo         = var.dockerhub_token
  access_secret_wo_version = var.secrets_version
}

resource "onprem_harbor_registry" "stage" {
  name = "harbor-stage"
  type = "harbor"
  url  = "https://harbor.stage.example.internal"
}

# Everything out of the old registry, once. Ten run side by side; more than that
# makes Harbor's job service run out of memory.
resource "onprem_harbor_replication_policy" "migrate" {
  for_each = local.projects

  name            = "migrate-${each.key}"
  src_registry_id = onprem_harbor_registry.legacy.id
  dest_namespace  = onprem_harbor_project.team[each.key].name
  override        = true
  filters         = [{ type = "name", value = "${each.key}/**" }]
  trigger         = { type = "manual" }
}

# Releases of the stage environment's Harbor, when somebody decides so.
resource "onprem_harbor_replication_policy" "promote" {
  for_each = local.projects

  name            = "promote-${each.key}"
  src_registry_id = onprem_harbor_registry.stage.id
  dest_namespace  = onprem_harbor_project.team[each.key].name
  filters = [
    { type = "name", value = "${each.key}/**" },
    { type = "tag", value = "v*" },
  ]
  trigger = { type = "manual" }
}

# A copy of every release outside the house, as soon as it is pushed.
resource "onprem_harbor_replication_policy" "backup" {
  for_each = toset(local.teams)

  name                         = "dockerhub-backup-${each.key}-prod"
  dest_registry_id             = onprem_harbor_registry.dockerhub.id
  dest_namespace               = "company-backup"
  dest_namespace_replace_count = 1
  filters = [
    { type = "name", value = "${onprem_harbor_project.team["${each.key}-prod"].name}/**" },
    { type = "tag", value = "{v*.*.*,latest}" },
  ]
  trigger = { type = "event_based" }
}
