package crud

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// An error that wraps two and says more than they do stays whole.
func TestReportKeepsTheSentence(t *testing.T) {
	t.Parallel()
	lost, looked := errors.New("the connection broke"), errors.New("answered 502")
	for name, tt := range map[string]struct {
		err  error
		want []string
	}{
		"undecided": {&api.UndecidedError{What: `the group "a"`, Lost: lost, Looked: looked}, []string{`the create of the group "a" may have worked`}},
		"two %w":    {fmt.Errorf("whether it was created cannot be told: %w; %w", lost, looked), []string{"whether it was created cannot be told"}},
		"joined":    {errors.Join(At(path.Root("a"), lost), looked), []string{"the connection broke", "answered 502"}},
		"nested":    {errors.Join(errors.Join(lost), fmt.Errorf("both: %w, %w", lost, looked)), []string{"the connection broke", "both: the connection broke, answered 502"}},
		"one":       {lost, []string{"the connection broke"}},
	} {
		var diags diag.Diagnostics
		Report(t.Context(), &diags, "Unable to create", tt.err)
		if len(diags) != len(tt.want) {
			t.Errorf("%s: %v", name, diags)
			continue
		}
		for i, want := range tt.want {
			if !strings.HasPrefix(diags[i].Detail(), want) {
				t.Errorf("%s: %q does not begin with %q", name, diags[i].Detail(), want)
			}
		}
	}
}

func TestReportMasks(t *testing.T) {
	t.Parallel()
	var diags diag.Diagnostics
	Report(mask.With(t.Context(), "kR7vq2Lw9z"), &diags, "Unable to create", errors.New("refused: kR7vq2Lw9z"))
	if len(diags) != 1 || diags[0].Detail() != "refused: "+mask.Masked {
		t.Errorf("got %v", diags)
	}
}
