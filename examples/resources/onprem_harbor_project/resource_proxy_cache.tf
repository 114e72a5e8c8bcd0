# A proxy cache of Docker Hub, which serves what it has when the image is gone
# there. The last two need Harbor 2.15.
resource "onprem_harbor_registry" "dockerhub" {
  name = "dockerhub"
  type = "docker-hub"
  url  = "https://hub.docker.com"
}

resource "onprem_harbor_project" "cached_images" {
  name                           = "cached-images"
  public                         = true
  registry_id                    = onprem_harbor_registry.dockerhub.id
  proxy_speed_kb                 = 51200
  max_upstream_conn              = 20
  proxy_cache_local_on_not_found = true
}
