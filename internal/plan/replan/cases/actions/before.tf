resource "terraform_data" "updated" {
  input = { cidr = "10.64.0.0/16", peers = ["192.168.10.1", "192.168.10.3"] }
}

resource "terraform_data" "replaced" {
  input            = "stage"
  triggers_replace = { as_number = 64530 }
}

resource "terraform_data" "replaced_create_first" {
  triggers_replace = "10.64.0.0/16"

  lifecycle {
    create_before_destroy = true
  }
}

resource "terraform_data" "destroyed" {
  input = "gone"
}

resource "terraform_data" "forgotten" {
  input = "left running"
}

resource "terraform_data" "team" {
  for_each = toset(["payments", "platform"])
  input    = each.key
}

resource "terraform_data" "node" {
  count = 2
  input = count.index
}

resource "terraform_data" "old_name" {
  input = "moved only"
}

resource "terraform_data" "old_name_too" {
  input = "moved and updated"
}

output "cidr" {
  value = "10.64.0.0/16"
}

output "dropped" {
  value = "soon gone"
}
