package render

import (
	"encoding/json"
	"io"

	"github.com/onprem-tools/terraform-provider-onprem/internal/plan"
)

// schema names the form of the JSON. Within a version members are only added.
const schema = "onprem-plan/v1"

// JSON writes the report for machines: the members of [plan.Report], the counts
// of all units, and the short form of the digest. Values are masked, and
// shortened where long, as everywhere.
func JSON(w io.Writer, r *plan.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Schema   string      `json:"schema"`
		Approval string      `json:"approval"`
		Counts   plan.Counts `json:"counts"`
		*plan.Report
	}{schema, r.Digest.String(), r.Counts(), r})
}
