# One company's platform on its own machines: the production site in Seoul.
#
# Addresses and credentials of the systems come from environment variables, so
# that the same configuration runs against production and against a sandbox:
# KUBE_CONFIG_PATH, HARBOR_URL, GUACAMOLE_URL, KONG_ADMIN_URL and their accounts.

terraform {
  required_version = ">= 1.11"

  required_providers {
    onprem = {
      source  = "onprem-tools/onprem"
      version = "~> 0.1"
    }
  }
}

provider "onprem" {}

# Secrets are ephemeral: they reach the systems, but neither plan nor state.
variable "dockerhub_token" {
  description = "Access token of the Docker Hub account that backups are pushed with."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "ssh_private_key" {
  description = "Private key of the user ubuntu on all machines."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "windows_password" {
  description = "Password of the administrator of win11."
  type        = string
  ephemeral   = true
  sensitive   = true
}

variable "secrets_version" {
  description = "Increase it when one of the secrets has changed, so that it is sent again."
  type        = number
  default     = 1
}
