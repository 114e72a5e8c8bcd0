// Package guacamole has the resources and data sources of Apache Guacamole, the
// access portal.
package guacamole

import "github.com/onprem-tools/terraform-provider-onprem/internal/crud"

// Kinds are all that Terraform can use of Guacamole.
func Kinds() []crud.Kind {
	return []crud.Kind{Connection, ConnectionGroup}
}
