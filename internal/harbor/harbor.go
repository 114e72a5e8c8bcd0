// Package harbor has the resources and data sources of the Harbor registry.
package harbor

import "github.com/onprem-tools/terraform-provider-onprem/internal/crud"

// Kinds are all that Terraform can use of Harbor.
func Kinds() []crud.Kind {
	return []crud.Kind{Project, Registry, ReplicationPolicy}
}
