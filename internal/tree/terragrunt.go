package tree

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/module"
)

// Folders and files of a Terragrunt tree, relative to its root.
const (
	componentsFolder = "_components"
	providersFolder  = "_providers"
	rootFile         = "root.hcl"
	commonFile       = "common.hcl"
	envFile          = "env.hcl"
	siteFile         = "site.hcl"
	unitFile         = "terragrunt.hcl"
)

// Versions that the tree is written for, where the platform file says nothing.
const (
	terraformVersion  = ">= 1.11"
	terragruntVersion = ">= 1.1, < 2.0"
)

func (t *tree) terragrunt() {
	t.root()
	if len(t.Locals) > 0 {
		t.locals(commonFile, "", t.Locals, inCommon)
	}
	for _, p := range t.Providers {
		if slices.ContainsFunc(t.Units, func(u *platform.Unit) bool { return wants(u, p) }) {
			t.provider(p)
		}
	}
	for _, env := range t.Environments {
		t.locals(path.Join(env.Name, envFile), env.Name, env.Attributes, inEnv)
		for _, site := range env.Sites {
			t.locals(path.Join(site.Path(), siteFile), site.Name, site.Attributes, inSite)
		}
	}
	for _, c := range t.Components {
		t.component(c)
	}
	for _, u := range t.Units {
		t.unit(u)
	}
}

// wants reports whether a unit's module uses a provider. Of a module that could
// not be read it is assumed.
func wants(u *platform.Unit, p *platform.Provider) bool {
	if slices.ContainsFunc(u.Component.Providers, func(own *platform.Provider) bool { return own.Name == p.Name }) {
		return false // the component has its own
	}
	if u.Module == nil {
		return true
	}
	_, ok := u.Module.Providers[p.Name]
	return ok
}

func (t *tree) root() {
	file := hclwrite.NewEmptyFile()
	body := file.Body()
	comment(body, "Written by terraform-provider-onprem from the platform file. Change that one and run generate.")
	if exprs := stateExprs(t.State); rootsOf(exprs...)["env"] || rootsOf(exprs...)["local"] {
		t.parents(body, exprs, []string{"local", "env"})
	}
	body.AppendNewline()
	set(body, "terraform_binary", quote(t.Tool))
	set(body, "terraform_version_constraint", quote(cmp.Or(t.TerraformVersion, terraformVersion)))
	set(body, "terragrunt_version_constraint", quote(cmp.Or(t.TerragruntVersion, terragruntVersion)))
	body.AppendNewline()

	lock := body.AppendNewBlock("terraform", nil).Body().AppendNewBlock("extra_arguments", []string{"lock"}).Body()
	set(lock, "commands", "get_terraform_commands_that_need_locking()")
	set(lock, "arguments", `["-lock-timeout=5m"]`)
	body.AppendNewline()

	state := body.AppendNewBlock("remote_state", nil).Body()
	set(state, "backend", quote(t.State.Backend))
	set(state, "generate", "{\npath = \"backend.tf\"\nif_exists = \"overwrite_terragrunt\"\n}")
	set(state, "config", t.stateConfig(inComponent, "path_relative_to_include()"))
	t.add(rootFile, file)
}

func comment(body *hclwrite.Body, text string) {
	body.AppendUnstructuredTokens(hclwrite.Tokens{{Type: hclsyntax.TokenComment, Bytes: []byte("# " + text + "\n")}})
}

// parents writes the locals that hold the values of the folders above, as far
// as the expressions use them.
func (t *tree) parents(body *hclwrite.Body, exprs []hclsyntax.Expression, allowed []string) {
	used := rootsOf(exprs...)
	var locals *hclwrite.Body
	for _, parent := range []struct{ root, local, file string }{
		{"local", "common", commonFile}, {"env", "env", envFile}, {"site", "site", siteFile},
	} {
		if !used[parent.root] || !slices.Contains(allowed, parent.root) {
			continue
		}
		if locals == nil {
			body.AppendNewline()
			locals = body.AppendNewBlock("locals", nil).Body()
		}
		set(locals, parent.local, readParent(parent.file))
	}
}

func readParent(file string) string {
	return fmt.Sprintf("read_terragrunt_config(find_in_parent_folders(%q)).locals", file)
}

// readParentOrNull is for files that serve units of every scope: those of an
// environment have no site.hcl above them.
func readParentOrNull(file string) string {
	return fmt.Sprintf("read_terragrunt_config(find_in_parent_folders(%q, \"none.hcl\"), { locals = null }).locals", file)
}

// locals writes the values of an environment, a site, or the platform.
func (t *tree) locals(name, own string, attrs platform.Attributes, n names) {
	file := hclwrite.NewEmptyFile()
	body := file.Body().AppendNewBlock("locals", nil).Body()
	exprs := make([]hclsyntax.Expression, len(attrs))
	for i, attr := range attrs {
		exprs[i] = attr.Expr
	}
	for _, parent := range []struct{ root, local, file string }{{"local", "common", commonFile}, {"env", "env", envFile}} {
		if to := n.roots[parent.root]; rootsOf(exprs...)[parent.root] && to == "local."+parent.local {
			set(body, parent.local, readParent(parent.file))
		}
	}
	if own != "" {
		set(body, "name", quote(own))
	}
	for _, attr := range attrs {
		set(body, attr.Name, t.write(attr.Expr, n))
	}
	t.add(name, file)
}

// component writes what all units of a component have in common.
func (t *tree) component(c *platform.Component) {
	file := hclwrite.NewEmptyFile()
	body := file.Body()
	exprs := inputExprs(c.Inputs, nil)
	used := slices.Clone(exprs)
	for _, p := range c.Providers {
		used = append(used, providerExprs(p)...)
	}
	t.parents(body, used, []string{"local", "env", "site"})
	section(body)
	set(body.AppendNewBlock("terraform", nil).Body(), "source", t.source(c.Source))
	referred := dependencies(exprs)
	for _, on := range c.Needs() {
		if slices.Contains(referred, on.Name) {
			section(body)
			t.dependency(body, c, on)
		}
	}
	t.order(body, c, referred)
	for _, p := range c.Providers {
		section(body)
		t.generate(body, p)
	}
	if len(c.Inputs) > 0 {
		section(body)
		var inputs object
		for _, in := range c.Inputs {
			inputs.add(in.Name, t.write(in.Expr, inComponent))
		}
		set(body, "inputs", inputs.String())
	}
	t.add(path.Join(componentsFolder, c.Name+".hcl"), file)
}

// section separates what follows from what stands above.
func section(body *hclwrite.Body) { body.AppendNewline() }

// order writes the components that are only waited for.
func (t *tree) order(body *hclwrite.Body, c *platform.Component, referred []string) {
	var paths []string
	for _, on := range c.DependsOn {
		if !slices.Contains(referred, on.Name) {
			paths = append(paths, quote(unitPath(c, on)))
		}
	}
	if len(paths) > 0 {
		section(body)
		set(body.AppendNewBlock("dependencies", nil).Body(), "paths", "["+strings.Join(paths, ", ")+"]")
	}
}

// dependencies are the names of the components that expressions refer to.
func dependencies(exprs []hclsyntax.Expression) []string {
	var list []string
	for _, expr := range exprs {
		for _, traversal := range expr.Variables() {
			if traversal.RootName() == "component" && len(traversal) > 1 {
				list = append(list, platform.StepName(traversal[1]))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// unitPath is the way from a unit of one component to that of another.
func unitPath(from, to *platform.Component) string {
	switch {
	case from.Per == to.Per:
		return "../" + to.Name
	case to.Per == platform.PerEnvironment:
		return "../../" + to.Name
	case from.Per == platform.PerSite:
		return "../../../" + platform.PlatformFolder + "/" + to.Name
	default:
		return "../../" + platform.PlatformFolder + "/" + to.Name
	}
}

// dependency writes the block that makes the outputs of a component known, and
// mocks of them for as long as it is not applied.
func (t *tree) dependency(body *hclwrite.Body, c, on *platform.Component) {
	block := body.AppendNewBlock("dependency", []string{on.Name}).Body()
	set(block, "config_path", quote(unitPath(c, on)))
	mocks := map[string]cty.Value{}
	for name, typ := range on.Outputs() {
		mocks[name] = module.Mock(typ, on.Name+"-"+name)
	}
	if len(mocks) == 0 {
		return
	}
	set(block, "mock_outputs", valueText(cty.ObjectVal(mocks)))
	set(block, "mock_outputs_allowed_terraform_commands", `["init", "validate", "plan"]`)
	set(block, "mock_outputs_merge_strategy_with_state", quote("shallow"))
}

// source is where Terragrunt finds a module.
func (t *tree) source(s platform.Source) string {
	const root = `${dirname(find_in_parent_folders("root.hcl"))}`
	switch {
	case s.Builtin != "":
		return `"` + root + "/modules//" + s.Builtin + `"`
	case s.Dir != "":
		return `"` + root + "/" + within(path.Join(t.Base, s.Dir), path.Join(t.Base, s.Whole)) + `"`
	default:
		return quote(s.Raw)
	}
}

// within marks with a double slash how much Terragrunt copies: the directory that
// has all modules this one calls. A folder called modules is copied as a whole,
// so that modules can call each other without the tree changing.
func within(dir, whole string) string {
	parent, name := path.Split(dir)
	switch {
	case dir == whole && path.Base(parent) == "modules":
		return parent + "/" + name
	case whole == ".":
		return "/" + dir
	case strings.HasPrefix(dir, whole+"/"):
		return whole + "/" + strings.TrimPrefix(dir, whole)
	default:
		return dir
	}
}

// unit writes the file of one unit. Without overrides all units of a component
// have the same.
func (t *tree) unit(u *platform.Unit) {
	name := path.Join(u.Path(), unitFile)
	if len(u.Overrides) > 0 {
		t.add(name, t.unitContent(u))
		return
	}
	if t.plainUnits[u.Component] == nil {
		t.add(name, t.unitContent(u))
		t.plainUnits[u.Component] = t.files[name]
	}
	t.files[name] = t.plainUnits[u.Component]
}

// unitContent is the file of one unit: its includes and its differences.
func (t *tree) unitContent(u *platform.Unit) *hclwrite.File {
	file := hclwrite.NewEmptyFile()
	body := file.Body()
	include(body, "root", rootFile)
	d := t.differences(u)
	section(body)
	component := include(body, "component", path.Join(componentsFolder, u.Component.Name+".hcl"))
	switch {
	case d.exposed:
		set(component, "expose", "true")
	case len(d.inputs) > 0:
		set(component, "merge_strategy", quote("deep"))
	}
	for _, p := range t.Providers {
		if wants(u, p) {
			section(body)
			include(body, p.Name, path.Join(providersFolder, p.Name+".hcl"))
		}
	}
	t.parents(body, d.exprs, []string{"local", "env", "site"})
	if u.Source.Raw != u.Component.Source.Raw {
		section(body)
		set(body.AppendNewBlock("terraform", nil).Body(), "source", t.source(u.Source))
	}
	for _, name := range dependencies(d.exprs) {
		if !slices.ContainsFunc(u.Component.Needs(), func(c *platform.Component) bool { return c.Name == name }) {
			i := slices.IndexFunc(t.Components, func(c *platform.Component) bool { return c.Name == name })
			section(body)
			t.dependency(body, u.Component, t.Components[i])
		}
	}
	if len(d.inputs) > 0 {
		section(body)
		set(body, "inputs", d.text())
	}
	return file
}

func include(body *hclwrite.Body, label, file string) *hclwrite.Body {
	block := body.AppendNewBlock("include", []string{label}).Body()
	set(block, "path", fmt.Sprintf("find_in_parent_folders(%q)", file))
	return block
}
