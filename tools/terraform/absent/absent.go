// Package absent stands for the state backends that are not in this build of Terraform.
package absent

import "github.com/hashicorp/terraform/internal/backend"

// New says so.
func New() backend.Backend {
	panic("this Terraform is built for tests: of the state backends it has local, remote, http and inmem only")
}
