// Stands for the modules that Terraform keeps in its repository and never publishes: each folder beside this one is a
// link to it.
module github.com/hashicorp/terraform/internal/absent

go 1.25
