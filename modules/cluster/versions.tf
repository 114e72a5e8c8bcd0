terraform {
  required_version = ">= 1.11"

  required_providers {
    onprem = {
      source  = "onprem-tools/onprem"
      version = "~> 0.1"
    }
  }
}
