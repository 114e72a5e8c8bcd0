// Package terraform stands for internal/legacy/terraform, which only tests of Terraform import.
package terraform
