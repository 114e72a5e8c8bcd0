// Package calico has the objects of Calico (projectcalico.org/v3), one file
// each. Calico checks them only when they are really written, not in a dry-run,
// so that every rule that a configuration can break is checked here, at plan.
package calico

import (
	"net/netip"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
)

// Kinds are all that Terraform can use of Calico.
func Kinds() []crud.Kind {
	return []crud.Kind{BGPConfiguration, BGPPeer, IPPool}
}

// kind is a kind of the aggregated API. The storage behind it,
// crd.projectcalico.org/v1, is not for clients: it checks nothing.
func kind(resource, name string) kube.Kind {
	return kube.Kind{
		GroupVersionResource: schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: resource},
		Kind:                 name, ServedBy: "calico-apiserver",
	}
}

// selectorValidator checks expressions of Calico's selector language.
var selectorValidator = object.Check{
	Rule: "must be a Calico selector",
	Find: func(s string) string {
		if err := checkSelector(s); err != nil {
			return "not a Calico selector: " + err.Error()
		}
		return ""
	},
}

// peerAddressValidator checks the address of a BGP peer, with or without port.
var peerAddressValidator = object.Check{
	Rule: "must be an IP address, with an optional port",
	Find: func(s string) string {
		if _, ok := peerAddress(s); !ok {
			return `want an address such as 192.168.1.1 or 2001:db8::1, or one with a port from 1 to 65535: "192.168.1.1:1790", "[2001:db8::1]:1790"`
		}
		return ""
	},
}

// peerAddress takes the address out of peerIP.
func peerAddress(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, a.Zone() == ""
	}
	ap, err := netip.ParseAddrPort(s)
	if err != nil || ap.Port() == 0 || ap.Addr().Zone() != "" {
		return netip.Addr{}, false
	}
	return ap.Addr(), true
}

// known reports whether a value is there to be checked.
func known(v attr.Value) bool { return !v.IsNull() && !v.IsUnknown() }

// refuse reports a rule that an attribute breaks together with others.
func refuse(diags *diag.Diagnostics, attribute, reason string) {
	diags.AddAttributeError(path.Root(attribute), "Invalid attribute combination", reason)
}
