// Package kong has the resources and data sources of Kong Gateway: a file for each, over the client in kongapi, tested
// on the simulator in kongsim.
package kong

import "github.com/onprem-tools/terraform-provider-onprem/internal/crud"

// rights are the same for all of Kong: there are none to have.
const rights = "Kong's open-source gateway knows no accounts of its Admin API: whoever reaches it may do everything. Where something stands " +
	"in front of it, that must let GET, PUT, PATCH and DELETE through, and gets the credentials of the provider's `kong` block."

// Kinds are all that Terraform can use of Kong.
func Kinds() []crud.Kind {
	return []crud.Kind{Service, Route}
}
