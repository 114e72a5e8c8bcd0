package platform

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

// loader is a platform in the making.
type loader struct {
	*Platform
	files   map[string]*hcl.File
	options Options
	diags   hcl.Diagnostics

	platformBlock *hclsyntax.Block
	locals        Attributes
	context       *hcl.EvalContext // locals and functions
	modules       map[string]opened
}

// add records diagnostics.
func (l *loader) add(diags ...*hcl.Diagnostic) {
	for _, d := range diags {
		if d != nil {
			l.diags = append(l.diags, d)
		}
	}
}

var fileGrammar = grammar{
	what:       "a platform file",
	attributes: []string{},
	blocks:     map[string]int{"platform": 1, "locals": 0, "environment": 1, "component": 1},
}

// parse parses the files, in order of their names.
func (l *loader) parse(sources map[string][]byte) []*hclsyntax.Body {
	var bodies []*hclsyntax.Body
	for _, name := range keys(sources) {
		file, diags := hclsyntax.ParseConfig(sources[name], name, hcl.InitialPos)
		l.add(diags...)
		if file == nil {
			continue
		}
		l.files[name] = file
		l.add(functions.CheckNumbers(sources[name], name)...)
		if body, ok := file.Body.(*hclsyntax.Body); ok && !diags.HasErrors() {
			bodies = append(bodies, body)
		}
	}
	return bodies
}

// collect sorts the blocks of all files into the platform. Locals come first:
// everything else may use them.
func (l *loader) collect(bodies []*hclsyntax.Body) {
	var environments, components []*hclsyntax.Block
	for _, body := range bodies {
		l.add(fileGrammar.check(body)...)
		for _, block := range body.Blocks {
			if !fileGrammar.known(block) {
				continue
			}
			switch block.Type {
			case "platform":
				l.onePlatform(block)
			case "locals":
				l.addLocals(block)
			case "environment":
				environments = append(environments, block)
			case "component":
				components = append(components, block)
			}
		}
	}
	l.evaluateLocals()
	if l.platformBlock == nil {
		l.add(failure(start(l.files), "No platform block", "One file must say what the platform is called and where its state is kept:\n\n"+
			"  platform \"acme\" {\n    state \"local\" {}\n  }"))
	} else {
		l.readPlatform()
	}
	for _, block := range environments {
		l.readEnvironment(block)
	}
	slices.SortFunc(l.Environments, func(a, b *Environment) int { return cmp.Compare(a.Name, b.Name) })
	for _, block := range components {
		l.readComponent(block)
	}
	slices.SortFunc(l.Components, func(a, b *Component) int { return cmp.Compare(a.Name, b.Name) })
	if l.platformBlock != nil && len(environments) == 0 {
		l.add(failure(l.Range, "No environment", "Write at least one environment, with the sites it has:\n\n"+
			"  environment \"stage\" {\n    site \"seoul\" {}\n  }"))
	}
	if l.platformBlock != nil && len(components) == 0 {
		l.add(failure(l.Range, "No component", "Write at least one component:\n\n"+
			"  component \"network\" {\n    per    = \"site\"\n    module = \"builtin:network\"\n  }"))
	}
}

// start is a place for what concerns no line in particular.
func start(files map[string]*hcl.File) hcl.Range {
	for _, name := range keys(files) {
		return hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
	}
	return hcl.Range{Filename: "platform.hcl", Start: hcl.InitialPos, End: hcl.InitialPos}
}

func (l *loader) onePlatform(block *hclsyntax.Block) {
	if l.platformBlock != nil {
		l.add(twice(block.DefRange(), "platform block", l.platformBlock.DefRange()))
		return
	}
	l.platformBlock = block
	l.Name, l.Range = block.Labels[0], block.DefRange()
	l.add(checkName("a platform", l.Name, placeName, block.LabelRanges[0]))
}

// twice is the message about a second definition.
func twice(at hcl.Range, what string, first hcl.Range) *hcl.Diagnostic {
	return failure(at, "Defined twice", fmt.Sprintf("There is %s already, at %s. Keep one of the two.", article(what), position(first)))
}

// article puts "a" or "an" in front.
func article(what string) string {
	if strings.ContainsRune("aeio", rune(what[0])) {
		return "an " + what
	}
	return "a " + what
}

func position(r hcl.Range) string { return fmt.Sprintf("%s:%d", r.Filename, r.Start.Line) }

func (l *loader) addLocals(block *hclsyntax.Block) {
	for _, nested := range block.Body.Blocks {
		l.add(failure(nested.TypeRange, "Unknown block", "Locals are attributes: write name = value."))
	}
	for _, attr := range AttributesOf(block.Body) {
		if first := l.locals.Get(attr.Name); first != nil {
			l.add(twice(attr.NameRange, fmt.Sprintf("local %q", attr.Name), first.NameRange))
			continue
		}
		l.locals = append(l.locals, attr)
	}
}

var (
	platformGrammar = grammar{
		what:       "a platform",
		attributes: []string{"tool", "terraform_version", "terragrunt_version", "owners"},
		blocks:     map[string]int{"state": 1, "provider": 1, "workflows": 1},
	}
	workflowsGrammar = grammar{what: "workflows", attributes: []string{"runner", "schedule", "secrets", "env"}}
)

func (l *loader) readPlatform() {
	body := l.platformBlock.Body
	l.add(platformGrammar.check(body)...)
	attrs := AttributesOf(body)
	l.Tool = "terraform"
	for name, target := range map[string]any{
		"tool": &l.Tool, "terraform_version": &l.TerraformVersion,
		"terragrunt_version": &l.TerragruntVersion, "owners": &l.Owners,
	} {
		l.add(constant(attrs.Get(name), l.context, target)...)
	}
	l.checkWords(attrs.Get("owners"), l.Owners)
	l.checkConstraint(attrs.Get("terraform_version"), l.TerraformVersion)
	l.checkConstraint(attrs.Get("terragrunt_version"), l.TerragruntVersion)
	if attr := attrs.Get("tool"); attr != nil && l.Tool != "terraform" && l.Tool != "tofu" {
		l.add(failure(attr.Expr.Range(), "Unknown tool", fmt.Sprintf("tool is %q: write \"terraform\" or \"tofu\".", l.Tool)))
	}
	for _, block := range body.Blocks {
		if !platformGrammar.known(block) {
			continue
		}
		switch block.Type {
		case "state":
			l.readState(block)
		case "provider":
			l.Providers = l.readProvider(l.Providers, block)
		case "workflows":
			l.readWorkflows(block)
		}
	}
	slices.SortFunc(l.Providers, func(a, b *Provider) int { return cmp.Compare(a.Name, b.Name) })
	if l.State == nil {
		l.add(failure(l.Range, "No state", "Say where Terraform keeps its state, for example: state \"s3\" { … }, or state \"local\" {} to begin with."))
	}
}

// checkWords refuses owners that would be several in CODEOWNERS, or none.
func (l *loader) checkWords(attr *hclsyntax.Attribute, words []string) {
	for _, word := range words {
		if strings.ContainsAny(word, " \t\r\n#") || word == "" {
			l.add(failure(attr.Expr.Range(), "Unusable owner", fmt.Sprintf("%q is no owner: write \"@name\", \"@organization/team\" or an e-mail address.", word)))
		}
	}
}

// checkConstraint refuses what Terragrunt would not understand.
func (l *loader) checkConstraint(attr *hclsyntax.Attribute, constraint string) {
	if attr == nil {
		return
	}
	if _, err := version.NewConstraint(constraint); err != nil {
		l.add(failure(attr.Expr.Range(), "Unusable version", fmt.Sprintf("%s is %q: write a constraint such as \">= 1.11, < 2.0\".", attr.Name, constraint)))
	}
}

func (l *loader) readState(block *hclsyntax.Block) {
	if l.State != nil {
		l.add(twice(block.DefRange(), "state block", l.State.Range))
		return
	}
	for _, nested := range block.Body.Blocks {
		l.add(failure(nested.TypeRange, "Unknown block", fmt.Sprintf("A backend's configuration has attributes only: write %s = { … }.", nested.Type)))
	}
	l.State = &State{Backend: block.Labels[0], Attributes: AttributesOf(block.Body), Range: block.DefRange()}
	l.add(checkName("a backend", l.State.Backend, placeName, block.LabelRanges[0]))
}

func (l *loader) readProvider(list []*Provider, block *hclsyntax.Block) []*Provider {
	name := block.Labels[0]
	l.add(checkName("a provider", name, componentName, block.LabelRanges[0]))
	if name == "root" || name == "component" {
		l.add(failure(block.LabelRanges[0], "Reserved name", fmt.Sprintf("Units include a file under the label %q already.", name)))
	}
	for _, p := range list {
		if p.Name == name {
			l.add(twice(block.DefRange(), fmt.Sprintf("provider %q", name), p.Range))
			return list
		}
	}
	return append(list, &Provider{Name: name, Body: block.Body, Range: block.DefRange()})
}

func (l *loader) readWorkflows(block *hclsyntax.Block) {
	if l.Workflows != nil {
		l.add(twice(block.DefRange(), "workflows block", l.Workflows.Range))
		return
	}
	l.add(workflowsGrammar.check(block.Body)...)
	w := &Workflows{Forge: block.Labels[0], Runner: []string{"ubuntu-latest"}, Schedule: "17 2 * * *", Range: block.DefRange()}
	if w.Forge != "github" {
		l.add(failure(block.LabelRanges[0], "Unknown forge", fmt.Sprintf("There are workflows for \"github\" only, not for %q.", w.Forge)))
	}
	attrs := AttributesOf(block.Body)
	l.add(l.runner(attrs.Get("runner"), &w.Runner)...)
	l.add(constant(attrs.Get("schedule"), l.context, &w.Schedule)...)
	if attr := attrs.Get("schedule"); attr != nil && len(strings.Fields(w.Schedule)) != 5 {
		l.add(failure(attr.Expr.Range(), "Unusable schedule", fmt.Sprintf("%q is no cron expression of five fields, such as \"17 2 * * *\".", w.Schedule)))
	}
	l.add(constant(attrs.Get("secrets"), l.context, &w.Secrets)...)
	l.add(constant(attrs.Get("env"), l.context, &w.Env)...)
	l.Workflows = w
}

// runner reads one label or a list of labels.
func (l *loader) runner(attr *hclsyntax.Attribute, target *[]string) hcl.Diagnostics {
	var one string
	if attr == nil {
		return nil
	}
	if value, diags := attr.Expr.Value(l.context); !diags.HasErrors() && value.Type() == cty.String {
		diags := constant(attr, l.context, &one)
		*target = []string{one}
		return diags
	}
	return constant(attr, l.context, target)
}

// reserved are the names that env.hcl and site.hcl use themselves.
var reserved = []string{"name", "env", "site", "common"}

func (l *loader) readEnvironment(block *hclsyntax.Block) {
	env := &Environment{Name: block.Labels[0], Attributes: AttributesOf(block.Body), Range: block.DefRange()}
	l.add(checkName("an environment", env.Name, placeName, block.LabelRanges[0]))
	if slices.Contains([]string{PlatformFolder, "modules"}, env.Name) {
		l.add(failure(block.LabelRanges[0], "Reserved name", fmt.Sprintf("The folder %q has another use in the tree. Call the environment otherwise.", env.Name)))
	}
	for _, other := range l.Environments {
		if other.Name == env.Name {
			l.add(twice(block.DefRange(), fmt.Sprintf("environment %q", env.Name), other.Range))
			return
		}
	}
	l.checkFree(env.Attributes)
	for _, nested := range block.Body.Blocks {
		if nested.Type != "site" || len(nested.Labels) != 1 {
			l.add(failure(nested.DefRange(), "Unknown block", fmt.Sprintf("An environment has attributes and blocks site \"name\" { … }, no block %q.%s",
				nested.Type, near(nested.Type, []string{"site"}))))
			continue
		}
		l.readSite(env, nested)
	}
	slices.SortFunc(env.Sites, func(a, b *Site) int { return cmp.Compare(a.Name, b.Name) })
	l.Environments = append(l.Environments, env)
	l.evaluateEnvironment(env)
}

func (l *loader) readSite(env *Environment, block *hclsyntax.Block) {
	site := &Site{Env: env, Name: block.Labels[0], Attributes: AttributesOf(block.Body), Range: block.DefRange()}
	l.add(checkName("a site", site.Name, placeName, block.LabelRanges[0]))
	for _, other := range env.Sites {
		if other.Name == site.Name {
			l.add(twice(block.DefRange(), fmt.Sprintf("site %q in %s", site.Name, env.Name), other.Range))
			return
		}
	}
	l.checkFree(site.Attributes)
	for _, nested := range block.Body.Blocks {
		l.add(failure(nested.TypeRange, "Unknown block", fmt.Sprintf("A site has attributes only: write %s = { … }.", nested.Type)))
	}
	env.Sites = append(env.Sites, site)
}

// checkFree refuses the names that the tree needs itself.
func (l *loader) checkFree(attrs Attributes) {
	for _, attr := range attrs {
		if slices.Contains(reserved, attr.Name) {
			l.add(failure(attr.NameRange, "Reserved name", fmt.Sprintf("%q is set by the generator (name is the name of the block). Choose another.", attr.Name)))
		}
	}
}

var (
	componentGrammar = grammar{
		what:       "a component",
		attributes: []string{"per", "module", "inputs", "outputs", "enabled", "depends_on"},
		blocks:     map[string]int{"provider": 1, "override": 1},
	}
	overrideGrammar = grammar{
		what:       "an override",
		attributes: []string{"inputs", "enabled", "module"},
	}
)

func (l *loader) readComponent(block *hclsyntax.Block) {
	c := &Component{Name: block.Labels[0], Range: block.DefRange(), locals: l.locals}
	l.add(checkName("a component", c.Name, componentName, block.LabelRanges[0]))
	for _, other := range l.Components {
		if other.Name == c.Name {
			l.add(twice(block.DefRange(), fmt.Sprintf("component %q", c.Name), other.Range))
			return
		}
	}
	l.add(componentGrammar.check(block.Body)...)
	attrs := AttributesOf(block.Body)
	l.readScope(c, attrs.Get("per"))
	l.readSource(c, attrs.Get("module"))
	c.Inputs = l.readInputs(attrs.Get("inputs"))
	c.declared = l.readOutputs(attrs.Get("outputs"))
	if attr := attrs.Get("enabled"); attr != nil {
		c.Enabled = attr.Expr
	}
	if attr := attrs.Get("depends_on"); attr != nil {
		c.dependsOn = attr.Expr
	}
	for _, nested := range block.Body.Blocks {
		switch {
		case !componentGrammar.known(nested):
		case nested.Type == "provider":
			c.Providers = l.readProvider(c.Providers, nested)
		case nested.Type == "override":
			l.readOverride(c, nested)
		}
	}
	slices.SortFunc(c.Providers, func(a, b *Provider) int { return cmp.Compare(a.Name, b.Name) })
	l.Components = append(l.Components, c)
}

func (l *loader) readScope(c *Component, attr *hclsyntax.Attribute) {
	c.Per = PerSite
	scopes := []string{string(PerSite), string(PerEnvironment), string(PerPlatform)}
	if attr == nil {
		l.add(failure(c.Range, "Missing attribute", fmt.Sprintf("Component %q does not say how often it exists: write per = \"site\", \"environment\" or \"platform\".", c.Name)))
		return
	}
	per := ""
	l.add(constant(attr, l.context, &per)...)
	if !slices.Contains(scopes, per) {
		l.add(failure(attr.Expr.Range(), "Unknown scope", fmt.Sprintf("per is %q.%s", per, near(per, scopes))))
		return
	}
	c.Per = Scope(per)
}

func (l *loader) readSource(c *Component, attr *hclsyntax.Attribute) {
	if attr == nil {
		l.add(failure(c.Range, "Missing attribute", fmt.Sprintf("Component %q has no module: write module = \"builtin:network\", a directory such as \"./modules/dns\", or a git source.", c.Name)))
		return
	}
	c.Source, c.Module = l.source(attr)
}

func (l *loader) readInputs(attr *hclsyntax.Attribute) Inputs {
	if attr == nil {
		return nil
	}
	object, ok := attr.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		l.add(failure(attr.Expr.Range(), "Inputs are no object", "Write inputs = { name = value }. The values may be any expression, "+
			"but the names must stand there: they are checked against the module."))
		return nil
	}
	var inputs Inputs
	for _, item := range object.Items {
		name, _ := LiteralKey(item)
		if !hclsyntax.ValidIdentifier(name) {
			l.add(failure(item.KeyExpr.Range(), "Unusable input", "The name of an input is that of a variable of the module, without any expression."))
			continue
		}
		if inputs.Get(name) != nil {
			l.add(failure(item.KeyExpr.Range(), "Defined twice", fmt.Sprintf("The input %q stands here twice. Keep one of the two.", name)))
			continue
		}
		inputs = append(inputs, Input{Name: name, Expr: item.ValueExpr, Range: item.KeyExpr.Range()})
	}
	return inputs
}

// readOutputs reads declared types of outputs: outputs = { cluster = string }.
func (l *loader) readOutputs(attr *hclsyntax.Attribute) map[string]cty.Type {
	if attr == nil {
		return nil
	}
	object, ok := attr.Expr.(*hclsyntax.ObjectConsExpr)
	if !ok {
		l.add(failure(attr.Expr.Range(), "Outputs are no object", "Write the types of the module's outputs: outputs = { cluster = string }."))
		return nil
	}
	types := map[string]cty.Type{}
	for _, item := range object.Items {
		name := hcl.ExprAsKeyword(item.KeyExpr)
		t, diags := typeexpr.TypeConstraint(item.ValueExpr)
		l.add(diags...)
		if name == "" {
			l.add(failure(item.KeyExpr.Range(), "Unusable output", "The name of an output is that of an output of the module."))
			continue
		}
		types[name] = t
	}
	return types
}

// readOverride reads override "prod" or override "prod/seoul".
func (l *loader) readOverride(c *Component, block *hclsyntax.Block) {
	o := &Override{target: block.Labels[0], Range: block.DefRange()}
	l.add(overrideGrammar.check(block.Body)...)
	for _, other := range c.Overrides {
		if other.target == o.target {
			l.add(twice(block.DefRange(), fmt.Sprintf("override %q of component %q", o.target, c.Name), other.Range))
			return
		}
	}
	attrs := AttributesOf(block.Body)
	o.Inputs = l.readInputs(attrs.Get("inputs"))
	if attr := attrs.Get("enabled"); attr != nil {
		o.Enabled = attr.Expr
	}
	if attr := attrs.Get("module"); attr != nil {
		s, m := l.source(attr)
		o.Source, o.module = &s, m
	}
	if l.aim(c, o, block.LabelRanges[0]) {
		c.Overrides = append(c.Overrides, o)
	}
}

// aim finds the environment and the site that an override is for.
func (l *loader) aim(c *Component, o *Override, at hcl.Range) bool {
	envName, siteName, perSite := strings.Cut(o.target, "/")
	var names []string
	for _, env := range l.Environments {
		names = append(names, env.Name)
		if env.Name == envName {
			o.Env = env
		}
	}
	switch {
	case o.Env == nil:
		l.add(failure(at, "Unknown environment", fmt.Sprintf("There is no environment %q to override.%s", envName, near(envName, names))))
		return false
	case c.Per == PerPlatform:
		l.add(failure(at, "Override without effect", fmt.Sprintf("Component %q exists once per platform: no environment can override it.", c.Name)))
		return false
	case !perSite:
		return true
	case c.Per != PerSite:
		l.add(failure(at, "Override without effect", fmt.Sprintf("Component %q exists once per %s: no site can override it.", c.Name, c.Per)))
		return false
	}
	names = nil
	for _, site := range o.Env.Sites {
		names = append(names, site.Name)
		if site.Name == siteName {
			o.Site = site
		}
	}
	if o.Site == nil {
		l.add(failure(at, "Unknown site", fmt.Sprintf("Environment %q has no site %q to override.%s", envName, siteName, near(siteName, names))))
	}
	return o.Site != nil
}
