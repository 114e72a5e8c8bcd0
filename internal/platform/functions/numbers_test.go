package functions_test

import (
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

func TestCheckNumbers(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`a = 1e999`:                   "",
		`a = 1.5E-0012`:               "",
		`a = "5e123456"`:              "",
		`a = 1234567890123`:           "",
		`a = [1, 2e1000]`:             "main.hcl:1,9-15: Number out of range; 2e1000 has an exponent",
		`a = "${1E+99999999}"`:        "main.hcl:1,8-19: Number out of range",
		"a = 1\nb {\n c = 1e-1000\n}": "main.hcl:3,6-13: Number out of range",
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			diags := functions.CheckNumbers([]byte(source), "main.hcl")
			if got := diags.Error(); diags.HasErrors() != (want != "") || !strings.Contains(got, want) {
				t.Errorf("got %s, want %q", got, want)
			}
		})
	}
}
