package acctest

import (
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/querycheck"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"
)

// queries lists the objects of the resource's kind with `terraform query`, which
// must find the object and read all of it.
func (l Life) queries(t *testing.T) resource.TestStep {
	t.Helper()
	return resource.TestStep{
		Query:             true,
		Config:            fmt.Sprintf("list %q \"all\" {\n  provider         = onprem\n  include_resource = true\n}\n", l.Type()),
		SkipFunc:          below(t, tfversion.Version1_14_0, "a list"),
		QueryResultChecks: []querycheck.QueryResultCheck{querycheck.ExpectLengthAtLeast(l.Type()+".all", 1)},
	}
}
