// Package plan reads what Terraform, OpenTofu and Terragrunt leave behind after
// planning, and says what would happen: plan JSON in, a report out.
//
// It is pure: files come through an [fs.FS], nothing is fetched and nothing is
// written. A [Report] holds no secret. Values that a plan flags as sensitive are
// masked wherever they reappear, in whatever unit, while the plans are read; no
// renderer has to think of it.
//
// Plans are read twice. The first reading streams through them, collects the
// secrets, and notes where the changes stand; the second decodes these alone.
// Masking needs the secrets of every plan before the first value is shown, and
// holding all plans in memory is no option at 500 of them.
package plan
