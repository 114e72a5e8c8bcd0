// Package kong has the resources and data sources of Kong Gateway: a file for each, over the client in kongapi, tested
// on the simulator in kongsim.
package kong

import "github.com/onprem-tools/terraform-provider-onprem/internal/crud"

// Kinds are all that Terraform can use of Kong.
func Kinds() []crud.Kind {
	return []crud.Kind{Service, Route}
}
