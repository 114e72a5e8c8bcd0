package acctest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// Survives breaks every operation of a life for good, then heals it: each
// failure is told, and the next apply converges without an import, with one
// object. Only requests below a path break, so that logging in need not. The
// provider's block has to ask for no retries.
func (l Life) Survives(t *testing.T, server *faulty.Handler, below string, f faulty.Fault) {
	t.Helper()
	l.register(&survived)
	full, bare := l.Block+l.Full, l.Block+l.Bare
	breaking := func(methods ...string) func() {
		return func() {
			for _, method := range methods {
				server.Fail(method+" "+below+"**", f, -1)
			}
		}
	}
	unable := func(verb string) string { return "Unable to " + verb + " " + l.Type() }
	steps := []resource.TestStep{
		{PreConfig: breaking("*"), Config: full, ExpectError: Says(unable("create"))},
		{PreConfig: server.Heal, Config: full, Check: l.one(l.Stored)},
		{PreConfig: breaking("GET"), Config: full, ExpectError: Says(unable("read"))},
		{PreConfig: server.Heal, Config: full, PlanOnly: true},
		{PreConfig: breaking("PUT", "PATCH", "POST"), Config: bare, ExpectError: Says(unable("update"))},
		{PreConfig: server.Heal, Config: bare, Check: l.one(l.Stripped)},
	}
	if f.String() != faulty.WrongType.String() { // a delete is answered without a body: there is no wrong one
		steps = append(steps,
			resource.TestStep{PreConfig: breaking("DELETE"), Config: bare, Destroy: true, ExpectError: Says(unable("delete"))},
			resource.TestStep{PreConfig: server.Heal, Config: bare, Check: l.one(l.Stripped)})
	}
	Run(t, l.System, steps...)
}

// one checks the object, and that there is no second one.
func (l Life) one(want Fields) resource.TestCheckFunc {
	before := l.count()
	return func(s *terraform.State) error {
		if n := l.count() - before; n != 1 {
			return fmt.Errorf("%d objects: %q", n, l.System.Left())
		}
		return l.has(want)(s)
	}
}

func (l Life) count() int {
	n := 0
	for _, o := range l.System.Left() {
		if strings.HasPrefix(o, l.Kind+" ") {
			n++
		}
	}
	return n
}
