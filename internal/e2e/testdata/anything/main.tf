# A module that takes anything and puts out what it was given.

variable "a" {
  type    = any
  default = "not given"
}

variable "b" {
  type    = any
  default = "not given"
}

variable "c" {
  type    = any
  default = "not given"
}

variable "d" {
  type    = any
  default = "not given"
}

variable "e" {
  type    = any
  default = "not given"
}

variable "f" {
  type    = any
  default = "not given"
}

variable "g" {
  type    = any
  default = "not given"
}

variable "h" {
  type    = any
  default = "not given"
}

variable "token" {
  type      = string
  default   = ""
  ephemeral = true
}

output "inputs" {
  value = { for name, value in {
    a = var.a, b = var.b, c = var.c, d = var.d, e = var.e, f = var.f, g = var.g, h = var.h
  } : name => value if value != "not given" }
}
