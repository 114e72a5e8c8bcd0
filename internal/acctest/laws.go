package acctest

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

// lived and survived are the types whose Life this process has begun.
var lived, survived sync.Map

func (l Life) register(in *sync.Map) { in.Store(l.Type(), true) }

// Main runs the tests of a system, and then holds them to the law that every
// resource of the system has its Life run, and another time under faults:
//
//	func TestMain(m *testing.M) { os.Exit(acctest.Main("kong", m.Run)) }
func Main(system string, run func() int) int {
	code := run()
	if reason := partial(); reason != "" {
		fmt.Printf("the law that every resource of %s has its life was not looked at: %s\n", system, reason)
		return code
	}
	for _, name := range Resources(system) {
		for what, in := range map[string]*sync.Map{"Life.Run": &lived, "Life.Survives": &survived} {
			if _, ok := in.Load(name); !ok {
				fmt.Printf("no test has called %s for %s\n", what, name)
				code = max(code, 1)
			}
		}
	}
	return code
}

// partial says why not all tests of the package have run.
func partial() string {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return "-" + name + " " + f.Value.String()
		}
	}
	begun := false
	lived.Range(func(any, any) bool { begun = true; return false })
	if !begun && os.Getenv("CI") == "" {
		return "what the tests need has not been built"
	}
	return ""
}

// Resources are the types of resources that the provider offers for a system,
// or all of them.
func Resources(system string) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(resources())), func(name string) bool {
		return system != "" && !strings.HasPrefix(name, "onprem_"+system+"_")
	})
}

// resources are all resources of the provider by type.
func resources() map[string]resource.Resource {
	all := map[string]resource.Resource{}
	for _, construct := range provider.New("test")().Resources(context.Background()) {
		var meta resource.MetadataResponse
		r := construct()
		r.Metadata(context.Background(), resource.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
		all[meta.TypeName] = r
	}
	return all
}

// Schema is the schema of a resource.
func Schema(tb testing.TB, name string) schema.Schema {
	tb.Helper()
	r, ok := resources()[name]
	if !ok {
		tb.Fatalf("the provider offers no %s", name)
	}
	var resp resource.SchemaResponse
	r.Schema(tb.Context(), resource.SchemaRequest{}, &resp)
	return resp.Schema
}

// configurable are the attributes that a configuration can set and the system
// can show.
func configurable(tb testing.TB, name string) []string {
	tb.Helper()
	var out []string
	for name, a := range Schema(tb, name).Attributes {
		if (a.IsRequired() || a.IsOptional()) && !a.IsWriteOnly() {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
