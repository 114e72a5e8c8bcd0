# Planned by Terraform into plan.json, with -refresh=false and a state that holds the project "old".
terraform {
  required_providers {
    onprem = { source = "onprem-tools/onprem" }
  }
}

resource "onprem_harbor_project" "base" {
  name   = "base"
  public = true
}

resource "onprem_harbor_project" "team" {
  name = "team"
}

resource "onprem_metallb_ip_address_pool" "default" {
  name      = "default"
  namespace = "metallb-system"
  addresses = ["192.0.2.16/28", "198.51.100.10-198.51.100.20"]
}

resource "onprem_calico_ip_pool" "pods" {
  name = "pods"
  cidr = "203.0.113.0/24"
}
