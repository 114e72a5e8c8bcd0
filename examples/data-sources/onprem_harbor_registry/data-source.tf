data "onprem_harbor_registry" "dockerhub" {
  name = "dockerhub"
}

resource "onprem_harbor_project" "cached_images" {
  name        = "cached-images"
  public      = true
  registry_id = data.onprem_harbor_registry.dockerhub.id
}
