package tree

import (
	"fmt"
	"io/fs"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/bench/synthetic"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/modules"
)

// large loads a platform of some environments with four sites each.
func large(b *testing.B, environments int) *platform.Platform {
	b.Helper()
	p, diags := platform.Load(synthetic.Platform{Environments: environments, Sites: 4}.Files(), platform.Options{
		Builtins: modules.Names(),
		Open:     func(s platform.Source) (fs.FS, error) { return fs.Sub(modules.FS, s.Builtin) },
	})
	if len(diags) > 0 {
		b.Fatal(diags)
	}
	return p
}

func BenchmarkLoad(b *testing.B) {
	for _, environments := range []int{5, 50} {
		b.Run(fmt.Sprintf("units=%d", len(large(b, environments).Units)), func(b *testing.B) {
			for b.Loop() {
				large(b, environments)
			}
		})
	}
}

func BenchmarkRender(b *testing.B) {
	for _, environments := range []int{5, 50} {
		p := large(b, environments)
		b.Run(fmt.Sprintf("units=%d", len(p.Units)), func(b *testing.B) {
			for b.Loop() {
				if _, err := Render(p, Options{Format: Terragrunt, Modules: modules.FS, Base: "."}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
