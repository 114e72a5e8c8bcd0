package tree

import (
	"embed"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"

	"github.com/onprem-tools/terraform-provider-onprem/internal/lazyregexp"
)

// The releases of others that workflows install, unless the platform file wants others.
const (
	terraformRelease  = "1.11.4"
	tofuRelease       = "1.12.6"
	terragruntRelease = "1.1.3"
)

//go:embed templates/scripts
var scripts embed.FS

// hasWorkflows reports whether pipelines are written. Plain root modules have
// none: what orders units and finds those that a change affects is Terragrunt.
func (t *tree) hasWorkflows() bool { return t.Workflows != nil && t.Format == Terragrunt }

// pipeline is what the templates of workflows know.
type pipeline struct {
	*tree
	Runner string
	// Secrets are given to runs, Blanks are those that files of the tree read.
	Secrets, Blanks   []string
	Places, Automatic []string

	ToolVersion, TerragruntVersion string
}

func (p pipeline) Env() map[string]string { return p.Workflows.Env }
func (p pipeline) Schedule() string       { return p.Workflows.Schedule }

// workflows writes the pipelines. They are thin: what they do stands in scripts,
// which never see an expression of GitHub's.
func (t *tree) workflows() {
	tool := terraformRelease
	if t.Tool == "tofu" {
		tool = tofuRelease
	}
	p := pipeline{
		tree: t, Runner: labels(t.Workflows.Runner),
		Secrets: t.secrets(), Blanks: t.Secrets,
		Places: t.places(), Automatic: t.automatic(),
		ToolVersion:       release(t.TerraformVersion, tool),
		TerragruntVersion: release(t.Platform.TerragruntVersion, terragruntRelease),
	}
	for _, name := range []string{"plan.yml", "apply.yml", "drift.yml"} {
		t.template(path.Join(".github/workflows", name), name, p)
	}
	t.template(".github/actions/setup/action.yml", "setup.yml", p)
	entries, err := scripts.ReadDir("templates/scripts")
	for _, entry := range entries {
		t.files[path.Join(".github/scripts", entry.Name())], err = scripts.ReadFile(path.Join("templates/scripts", entry.Name()))
	}
	if err != nil {
		panic(err) // they are embedded
	}
}

// secrets are the names of all secrets that a run is given.
func (t *tree) secrets() []string {
	all := slices.Clone(t.Secrets)
	if t.Workflows != nil {
		all = append(all, t.Workflows.Secrets...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// labels says what runner a job wants.
func labels(runner []string) string {
	quoted := make([]string, len(runner))
	for i, label := range runner {
		quoted[i], _ = yamlString(label)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

var versionNumber = lazyregexp.New(`\d+(\.\d+)*`)

// release is the version that is installed where the platform file allows some:
// the preferred one, or else the first that it names.
func release(constraint, preferred string) string {
	allowed, err := version.NewConstraint(constraint)
	if err != nil || allowed.Check(version.Must(version.NewVersion(preferred))) {
		return preferred // an empty constraint is none
	}
	return version.Must(version.NewVersion(versionNumber.FindString(constraint))).String()
}
