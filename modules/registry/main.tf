resource "onprem_harbor_project" "this" {
  for_each = var.projects

  name          = each.key
  public        = each.value.public
  storage_limit = each.value.storage_limit_gib == null ? null : each.value.storage_limit_gib == -1 ? -1 : floor(each.value.storage_limit_gib * pow(1024, 3))
  registry_id   = each.value.proxy_cache_of == null ? null : onprem_harbor_registry.this[each.value.proxy_cache_of].id
  auto_scan     = each.value.auto_scan
  severity      = each.value.severity
  prevent_vul   = coalesce(each.value.prevent_vulnerable, each.value.severity != null)
  cve_allowlist = each.value.cve_allowlist == null ? null : { items = each.value.cve_allowlist }
}

resource "onprem_harbor_registry" "this" {
  for_each = var.registries

  name        = each.key
  description = each.value.description
  type        = each.value.type
  url         = each.value.url
  insecure    = each.value.insecure
  access_key  = each.value.access_key

  # A pipeline that has no secret gives an empty one.
  access_secret_wo         = lookup(var.registry_secrets, each.key, "") == "" ? null : var.registry_secrets[each.key]
  access_secret_wo_version = each.value.access_key == null ? null : var.secrets_version
}

resource "onprem_harbor_replication_policy" "this" {
  for_each = var.replications

  name             = each.key
  enabled          = each.value.enabled
  src_registry_id  = each.value.src_registry == null ? null : onprem_harbor_registry.this[each.value.src_registry].id
  dest_registry_id = each.value.dest_registry == null ? null : onprem_harbor_registry.this[each.value.dest_registry].id

  dest_namespace               = each.value.dest_namespace
  dest_namespace_replace_count = each.value.dest_namespace_replace_count

  filters = [for type, value in each.value.filters : { type = type, value = value } if value != null]
  trigger = { type = each.value.trigger, cron = each.value.cron }

  override = each.value.override
  deletion = each.value.deletion
  speed    = each.value.speed

  # What is copied comes out of projects, or goes into them.
  depends_on = [onprem_harbor_project.this]
}
