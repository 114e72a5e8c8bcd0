package tree

import (
	"bytes"
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform"
)

// inRootModule are the names of things in a plain root module.
var inRootModule = names{
	roots: map[string]string{
		"site": "local.site", "env": "local.env", "local": "local.common",
		"component": "data.terraform_remote_state",
	},
	secret: func(name string) string { return "var." + strings.Trim(name, `"`) },
}

// terraform writes one root module a unit, with everything it needs in it.
func (t *tree) terraform() {
	for _, u := range t.Units {
		m := &rootModule{tree: t, unit: u}
		// What the others refer to is known when they are written.
		rest := m.part(m.providers, m.dependencies, m.call, m.outputs)
		values := m.part(m.locals)
		head := m.part(m.settings, m.variables)
		t.files[path.Join(u.Path(), "main.tf")] = slices.Concat(bytes.TrimLeft(head, "\n"), values, rest)
	}
}

// rootModule is the root module of one unit.
type rootModule struct {
	*tree
	unit *platform.Unit
	file *hclwrite.File
	used []hclsyntax.Expression
}

// part is the text that functions write, in canonical format.
func (m *rootModule) part(write ...func()) []byte {
	m.file = hclwrite.NewEmptyFile()
	for _, w := range write {
		w()
	}
	return hclwrite.Format(m.file.Bytes())
}

// write writes an expression and remembers what it refers to.
func (m *rootModule) write(expr hclsyntax.Expression) string {
	m.used = append(m.used, expr)
	return m.tree.write(expr, inRootModule)
}

// block begins a block, with an empty line above.
func (m *rootModule) block(kind string, labels ...string) *hclwrite.Body {
	section(m.file.Body())
	return m.file.Body().AppendNewBlock(kind, labels).Body()
}

// settings are the versions and the state. A backend takes literals only.
func (m *rootModule) settings() {
	body := m.block("terraform")
	set(body, "required_version", quote(cmp.Or(m.TerraformVersion, terraformVersion)))
	if u := m.unit; u.Module != nil && len(u.Module.Providers) > 0 {
		section(body)
		required := body.AppendNewBlock("required_providers", nil).Body()
		for _, name := range sortedKeys(u.Module.Providers) {
			var o object
			if p := u.Module.Providers[name]; p.Source != "" {
				o.add("source", quote(p.Source))
			}
			if p := u.Module.Providers[name]; p.Version != "" {
				o.add("version", quote(p.Version))
			}
			set(required, name, o.String())
		}
	}
	section(body)
	backend := body.AppendNewBlock("backend", []string{m.State.Backend}).Body()
	for _, s := range m.state(m.unit) {
		set(backend, s.name, s.text)
	}
}

// state is the configuration of a unit's backend, evaluated.
func (m *rootModule) state(u *platform.Unit) []setting {
	settings := m.stateSettings(names{roots: map[string]string{"env": "env", "local": "local", "unit.path": "unit.path"}}, "unit.path")
	for i, s := range settings {
		settings[i].text = m.evaluated(u, s)
	}
	return settings
}

// evaluated is the value of a setting that the state's checks have evaluated
// before, as it is written into this unit's module: that of another unit's state
// is read from here.
func (m *rootModule) evaluated(u *platform.Unit, s setting) string {
	text := strings.ReplaceAll(s.text, "get_parent_terragrunt_dir()", `"`+up(m.unit)+`"`)
	value, err := m.EvalText(u, text)
	if err != nil {
		panic(fmt.Sprintf("setting %s = %s: %v", s.name, text, err))
	}
	return valueText(value)
}

// up is the way from a unit's folder to the root of the tree.
func up(u *platform.Unit) string {
	return strings.TrimSuffix(strings.Repeat("../", strings.Count(u.Path(), "/")+1), "/")
}

func (m *rootModule) providers() {
	own := m.unit.Component.Providers
	for _, p := range m.Providers {
		if wants(m.unit, p) {
			own = append(slices.Clip(own), p)
		}
	}
	for _, p := range own {
		m.providerBody(m.block("provider", p.Name), p.Body)
	}
}

func (m *rootModule) providerBody(to *hclwrite.Body, from *hclsyntax.Body) {
	for _, attr := range platform.AttributesOf(from) {
		if platform.Has(m.unit, attr.Expr) {
			set(to, attr.Name, m.write(attr.Expr))
		}
	}
	for _, block := range from.Blocks {
		m.providerBody(to.AppendNewBlock(block.Type, block.Labels).Body(), block.Body)
	}
}

// dependencies are the states of the units that inputs refer to.
func (m *rootModule) dependencies() {
	referred := dependencies(inputExprs(m.unit.Component.Inputs, m.unit.Overrides))
	for _, on := range m.unit.Needs {
		if !slices.Contains(referred, on.Component.Name) {
			continue
		}
		body := m.block("data", "terraform_remote_state", on.Component.Name)
		set(body, "backend", quote(m.State.Backend))
		var config object
		for _, s := range m.state(on) {
			config.add(s.name, s.text)
		}
		set(body, "config", config.String())
	}
}

// call is the module with its inputs. What an override changes in a part only
// is merged with the value without it, which stands among the locals.
func (m *rootModule) call() {
	u := m.unit
	order, merged := m.overlaid(u, inRootModule)
	m.used = append(m.used, inputExprs(nil, u.Overrides)...)
	var base object
	body := m.block("module", u.Component.Name)
	set(body, "source", quote(m.moduleSource()))
	for _, in := range u.Component.Inputs {
		text := m.write(in.Expr)
		if over, exists := merged[in.Name]; exists {
			text = m.overridden(&base, in.Name, text, over)
		}
		set(body, in.Name, text)
	}
	for _, name := range order {
		if u.Component.Inputs.Get(name) == nil {
			set(body, name, merged[name].text())
		}
	}
	if base.b.Len() > 0 {
		set(m.block("locals"), "inputs", base.String())
	}
}

func (m *rootModule) overridden(base *object, name, text string, upper node) string {
	value := m.unit.Base[name]
	if platform.Mergeable(value) && platform.Mergeable(upper.value) {
		base.add(name, text)
	}
	return over(reference("local.inputs", name), value, upper)
}

func (m *rootModule) moduleSource() string {
	switch s := m.unit.Source; {
	case s.Builtin != "":
		return up(m.unit) + "/modules/" + s.Builtin
	case s.Dir != "":
		return path.Join(up(m.unit), m.Base, s.Dir)
	default:
		return s.Raw
	}
}

// outputs hands the module's outputs to the units that depend on this one. Of a
// module that is not at hand, they are those that others refer to.
func (m *rootModule) outputs() {
	names := sortedKeys(m.unit.Component.Outputs())
	if m.unit.Component.Outputs() == nil {
		names = m.referredOutputs(m.unit.Component.Name)
	}
	for _, name := range names {
		body := m.block("output", name)
		set(body, "value", "module."+m.unit.Component.Name+"."+name)
		if mod := m.unit.Module; mod != nil && mod.Outputs[name] != nil && mod.Outputs[name].Sensitive {
			set(body, "sensitive", "true")
		}
	}
}

// referredOutputs are the outputs of a component that inputs refer to.
func (t *tree) referredOutputs(component string) []string {
	var names []string
	for _, c := range t.Components {
		for _, expr := range inputExprs(c.Inputs, c.Overrides) {
			for _, t := range expr.Variables() {
				if t.RootName() == "component" && len(t) > 3 && platform.StepName(t[1]) == component {
					names = append(names, platform.StepName(t[3]))
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// locals are the values of the environment, the site and the platform, as far as
// the unit uses them. What reads a secret refers to wider ones, which come later
// therefore.
func (m *rootModule) locals() {
	var body *hclwrite.Body
	add := func(root, name string, value cty.Value, attrs platform.Attributes) {
		if !rootsOf(m.used...)[root] {
			return
		}
		if body == nil {
			body = m.block("locals")
		}
		set(body, name, m.attributes(root, value, attrs))
	}
	if u := m.unit; u.Site != nil {
		add("site", "site", u.Site.Value, u.Site.Attributes)
	}
	if u := m.unit; u.Env != nil {
		add("env", "env", u.Env.Value, u.Env.Attributes)
	}
	add("local", "common", m.LocalValue, m.Locals)
}

// attributes are the values of attributes, but the expressions of those that
// read a secret, where the unit uses them.
func (m *rootModule) attributes(root string, value cty.Value, attrs platform.Attributes) string {
	used := m.usedOf(root)
	var o object
	if attrs.Get("name") == nil && value.Type().HasAttribute("name") {
		o.add("name", valueText(value.GetAttr("name")))
	}
	for _, attr := range attrs {
		if v := value.GetAttr(attr.Name); v.IsWhollyKnown() {
			o.add(attr.Name, valueText(v))
		} else if used == nil || used[attr.Name] {
			o.add(attr.Name, m.inlined(root, attr, value, attrs))
		}
	}
	return o.String()
}

// usedOf are the attributes of a root that the unit refers to; nil stands for
// all.
func (m *rootModule) usedOf(root string) map[string]bool {
	names := map[string]bool{}
	for _, expr := range m.used {
		for _, t := range expr.Variables() {
			if t.RootName() != root {
				continue
			}
			if len(t) < 2 || platform.StepName(t[1]) == "" {
				return nil
			}
			names[platform.StepName(t[1])] = true
		}
	}
	return names
}

// inlined is the expression of an attribute, with what it refers to of its own
// object in place: a local value cannot refer to itself.
func (m *rootModule) inlined(root string, attr *hclsyntax.Attribute, value cty.Value, attrs platform.Attributes) string {
	n := inRootModule
	n.inline = func(t hcl.Traversal) (string, bool) {
		if t.RootName() != root || len(t) < 2 || !value.Type().HasAttribute(platform.StepName(t[1])) {
			return "", false
		}
		name := platform.StepName(t[1])
		if v := value.GetAttr(name); v.IsWhollyKnown() {
			return enclosed(valueText(v)), true
		}
		return enclosed(m.inlined(root, attrs.Get(name), value, attrs)), true
	}
	m.used = append(m.used, attr.Expr)
	return m.tree.write(attr.Expr, n)
}

// variables are the secrets, which Terraform takes from TF_VAR_NAME and keeps
// out of state and plan, as far as the module does.
func (m *rootModule) variables() {
	stored := m.unit.StoredSecrets()
	var names []string
	for _, expr := range m.used {
		names = append(names, platform.SecretsIn(expr)...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		body := m.block("variable", name)
		set(body, "type", "string")
		set(body, "sensitive", "true")
		if !slices.Contains(stored, name) {
			set(body, "ephemeral", "true")
		}
	}
}
