package schemacost

import "fmt"

// Exception is a schema above the limit.
type Exception struct {
	Why string
	// Singleton is a resource that a configuration has one or a few of: what
	// a thousand cost is no matter.
	Singleton bool
	// Uses names an optional object that each has, for make bench.
	Uses string
	// Ratio is what Terraform needed for a plan of 1,000 unchanged ones, to the
	// floor, and Seconds the same, as make bench measured them.
	Ratio, Seconds float64
}

// String is the exception for a person to read.
func (e Exception) String() string {
	if e.Singleton {
		return "a singleton: " + e.Why
	}
	return fmt.Sprintf("1,000 cost %.1f × the floor, %.1f s: %s", e.Ratio, e.Seconds, e.Why)
}

// Exceptions are the resources whose schemas cost more than the limit.
var Exceptions = map[string]Exception{
	"onprem_guacamole_connection": {
		Why:   "it has all parameters of five protocols as attributes, of which one protocol's are used",
		Uses:  "ssh",
		Ratio: 4.8, Seconds: 9.7,
	},
	"onprem_kubernetes_cluster": {Why: "a configuration has one cluster, and each of its nodes is an element of it", Singleton: true},
}
