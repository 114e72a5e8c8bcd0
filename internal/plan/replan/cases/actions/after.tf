resource "terraform_data" "updated" {
  input = { cidr = "10.65.0.0/16", peers = ["192.168.10.1", "192.168.10.2", "192.168.10.3"] }
}

resource "terraform_data" "replaced" {
  input            = "stage"
  triggers_replace = { as_number = 64531 }
}

resource "terraform_data" "replaced_create_first" {
  triggers_replace = "10.65.0.0/16"

  lifecycle {
    create_before_destroy = true
  }
}

removed {
  from = terraform_data.forgotten

  lifecycle {
    destroy = false
  }
}

resource "terraform_data" "team" {
  for_each = toset(["platform"])
  input    = each.key
}

resource "terraform_data" "node" {
  count = 1
  input = count.index
}

moved {
  from = terraform_data.old_name
  to   = terraform_data.new_name
}

resource "terraform_data" "new_name" {
  input = "moved only"
}

moved {
  from = terraform_data.old_name_too
  to   = terraform_data.new_name_too
}

resource "terraform_data" "new_name_too" {
  input = "moved, and this changes"
}

import {
  to = terraform_data.imported
  id = "legacy-registry"
}

resource "terraform_data" "imported" {}

resource "terraform_data" "created" {
  input = { name = "team1-dev", public = false, quota = 20 }
}

data "terraform_remote_state" "read_at_apply" {
  backend = "local"
  config  = { path = "${path.module}/other.tfstate" }

  depends_on = [terraform_data.updated]
}

output "cidr" {
  value = "10.65.0.0/16"
}

output "added" {
  value = { id = terraform_data.created.id, name = "team1-dev" }
}

check "range" {
  assert {
    condition     = terraform_data.team["platform"].input == "payments"
    error_message = "The load-balancer range 192.168.10.180-192.168.10.200 is outside the site's own."
  }
}
