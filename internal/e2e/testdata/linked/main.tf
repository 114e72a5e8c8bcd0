# A module that is told of others, and tells of itself.

variable "name" {
  type = string
}

variable "needs" {
  type    = any
  default = "not given"
}

output "name" {
  value = "the ${var.name}"
}

output "by_name" {
  value = { for name in [var.name] : name => "the ${name}" }
}

output "inputs" {
  value = { for name, value in { name = var.name, needs = var.needs } : name => value if value != "not given" }
}
