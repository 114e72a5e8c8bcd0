resource "onprem_harbor_project" "team1_prod" {
  name          = "team1-prod"
  storage_limit = 100 * pow(1024, 3) # 100 GiB
  auto_scan     = true
  prevent_vul   = true
  severity      = "high"

  cve_allowlist = {
    items      = ["CVE-2026-0001"]
    expires_at = "2026-12-31T00:00:00Z"
  }
}

# A proxy cache of Docker Hub.
resource "onprem_harbor_registry" "dockerhub" {
  name = "dockerhub"
  type = "docker-hub"
  url  = "https://hub.docker.com"
}

resource "onprem_harbor_project" "cached_images" {
  name           = "cached-images"
  public         = true
  registry_id    = onprem_harbor_registry.dockerhub.id
  proxy_speed_kb = -1
}
