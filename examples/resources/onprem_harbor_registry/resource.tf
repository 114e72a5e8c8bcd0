# An account at Docker Hub, whose token is nowhere stored, and the old registry.
variable "dockerhub_token" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "onprem_harbor_registry" "dockerhub" {
  name       = "dockerhub"
  type       = "docker-hub"
  url        = "https://hub.docker.com"
  access_key = "company-backup"

  access_secret_wo         = var.dockerhub_token
  access_secret_wo_version = 1
}

resource "onprem_harbor_registry" "legacy" {
  name        = "legacy-docker-registry"
  description = "To be switched off after the migration"
  type        = "docker-registry"
  url         = "http://legacy-registry.internal:5000"
  insecure    = true
}
