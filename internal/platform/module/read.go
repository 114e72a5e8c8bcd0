package module

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
)

// Read reads the module whose files are at the top of fsys. Diagnostics name
// its files below dir. The module is never nil: with errors it holds what could
// be read.
func Read(fsys fs.FS, dir string) (*Module, hcl.Diagnostics) {
	m := &Module{
		Variables: map[string]*Variable{},
		Outputs:   map[string]*Output{},
		Providers: map[string]Provider{},
		Sources:   map[string]*hcl.File{},
		locals:    map[string]hcl.Expression{},
	}
	primary, overrides, err := moduleFiles(fsys)
	if err != nil {
		return m, hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "Module cannot be read",
			Detail:   fmt.Sprintf("%s: %s.", dir, err),
		}}
	}
	if len(primary)+len(overrides) == 0 {
		return m, hcl.Diagnostics{{
			Severity: hcl.DiagError,
			Summary:  "Not a module",
			Detail:   fmt.Sprintf("%s has no file that ends in .tf, .tofu or .tf.json. A module is the directory its files are in.", dir),
		}}
	}

	d := decoder{module: m, fsys: fsys, dir: dir, variables: map[string]*variableBlock{}, parser: hclparse.NewParser()}
	for _, name := range primary {
		d.file(name)
	}
	d.override = true // files named so come last and replace what they repeat
	for _, name := range overrides {
		d.file(name)
	}
	d.finish()
	m.Files = append(primary, overrides...)
	slices.Sort(m.Files)
	return m, d.diags
}

// moduleFiles lists the files a tool reads, those that override others apart.
func moduleFiles(fsys fs.FS) (primary, overrides []string, err error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, nil, err
	}
	present := map[string]bool{}
	for _, entry := range entries {
		if name := entry.Name(); !entry.IsDir() && !ignored(name) {
			present[name] = true
		}
	}
	for _, entry := range entries { // sorted by name
		name := entry.Name()
		stem, suffix := splitSuffix(name)
		switch {
		case !present[name] || suffix == "":
		case strings.HasPrefix(suffix, ".tf") && present[stem+strings.Replace(suffix, ".tf", ".tofu", 1)]:
			// OpenTofu reads the .tofu file in place of this one.
		case stem == "override" || strings.HasSuffix(stem, "_override"):
			overrides = append(overrides, name)
		default:
			primary = append(primary, name)
		}
	}
	return primary, overrides, nil
}

func splitSuffix(name string) (stem, suffix string) {
	for _, suffix := range []string{".tf", ".tofu", ".tf.json", ".tofu.json"} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			return stem, suffix
		}
	}
	return name, ""
}

// ignored says whether an editor left the file behind.
func ignored(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") ||
		strings.HasPrefix(name, "#") && strings.HasSuffix(name, "#")
}

// decoder collects the blocks of a module's files.
type decoder struct {
	module    *Module
	fsys      fs.FS
	dir       string
	parser    *hclparse.Parser
	override  bool
	variables map[string]*variableBlock
	implied   []string // providers of resources
	diags     hcl.Diagnostics
}

func (d *decoder) file(name string) {
	source, err := fs.ReadFile(d.fsys, name)
	if err != nil {
		d.diags = d.diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "File cannot be read",
			Detail:   fmt.Sprintf("%s: %s.", path.Join(d.dir, name), err),
		})
		return
	}
	parse, check := d.parser.ParseHCL, functions.CheckNumbers
	if strings.HasSuffix(name, ".json") {
		parse, check = d.parser.ParseJSON, checkJSONNumbers
	}
	if diags := check(source, path.Join(d.dir, name)); diags.HasErrors() {
		d.diags = append(d.diags, diags...)
		return
	}
	file, diags := parse(source, path.Join(d.dir, name))
	d.diags = append(d.diags, diags...)
	if file == nil || file.Body == nil {
		return
	}
	d.module.Sources[path.Join(d.dir, name)] = file
	for _, block := range d.content(file.Body, fileSchema).Blocks {
		switch block.Type {
		case "terraform":
			d.settings(block)
		case "variable":
			d.variable(block)
		case "output":
			d.output(block)
		case "resource", "data", "ephemeral":
			d.imply(block)
		case "module":
			d.call(block)
		case "locals":
			for name, attribute := range d.attributes(block.Body) {
				d.module.locals[name] = attribute.Expr
			}
		}
	}
}

func checkJSONNumbers(source []byte, filename string) hcl.Diagnostics {
	tokens := json.NewDecoder(bytes.NewReader(source))
	tokens.UseNumber()
	// An error is the end of the file, or what the parser will complain of.
	for token, err := tokens.Token(); err == nil; token, err = tokens.Token() {
		if number, ok := token.(json.Number); ok && functions.TooLarge([]byte(number)) {
			return hcl.Diagnostics{{
				Severity: hcl.DiagError,
				Summary:  "Number out of range",
				Detail:   fmt.Sprintf("%s: %s has an exponent of more than three digits.", filename, number),
			}}
		}
	}
	return nil
}

// The schemas hold what makes the interface. Everything else is for the tools
// that run the module to judge, in the version they have.
var (
	fileSchema = &hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
		{Type: "terraform"},
		{Type: "variable", LabelNames: []string{"name"}},
		{Type: "output", LabelNames: []string{"name"}},
		{Type: "locals"},
		{Type: "resource", LabelNames: []string{"type", "name"}},
		{Type: "data", LabelNames: []string{"type", "name"}},
		{Type: "ephemeral", LabelNames: []string{"type", "name"}},
		{Type: "module", LabelNames: []string{"name"}},
	}}
	objectSchema   = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "provider"}}}
	callSchema     = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "source"}}}
	settingsSchema = &hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{{Name: "required_version"}},
		Blocks:     []hcl.BlockHeaderSchema{{Type: "required_providers"}},
	}
	variableSchema = &hcl.BodySchema{
		Attributes: []hcl.AttributeSchema{
			{Name: "type"}, {Name: "default"}, {Name: "description"},
			{Name: "nullable"}, {Name: "sensitive"}, {Name: "ephemeral"},
		},
		Blocks: []hcl.BlockHeaderSchema{{Type: "validation"}},
	}
	validationSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{
		{Name: "condition", Required: true}, {Name: "error_message", Required: true},
	}}
	outputSchema = &hcl.BodySchema{Attributes: []hcl.AttributeSchema{
		{Name: "value"}, {Name: "description"}, {Name: "sensitive"}, {Name: "ephemeral"},
	}}
)

func (d *decoder) content(body hcl.Body, schema *hcl.BodySchema) *hcl.BodyContent {
	content, _, diags := body.PartialContent(schema)
	d.diags = append(d.diags, diags...)
	return content
}

func (d *decoder) attributes(body hcl.Body) hcl.Attributes {
	attributes, diags := body.JustAttributes()
	d.diags = append(d.diags, diags...)
	return attributes
}

func (d *decoder) settings(block *hcl.Block) {
	content := d.content(block.Body, settingsSchema)
	if version := d.text(content.Attributes["required_version"]); version != "" {
		if d.module.RequiredVersion != "" {
			version = d.module.RequiredVersion + ", " + version
		}
		d.module.RequiredVersion = version
	}
	for _, block := range content.Blocks {
		for name, attribute := range d.attributes(block.Body) {
			d.module.Providers[name] = provider(attribute.Expr)
		}
	}
}

// provider reads { source = …, version = … }, or the version alone as it was
// written before Terraform 0.13. Other attributes hold references, so that the
// object cannot be evaluated as a whole.
func provider(expr hcl.Expression) Provider {
	items, diags := hcl.ExprMap(expr)
	if diags.HasErrors() {
		return Provider{Version: literal(expr)}
	}
	var p Provider
	for _, item := range items {
		switch literal(item.Key) {
		case "source":
			p.Source = literal(item.Value)
		case "version":
			p.Version = literal(item.Value)
		}
	}
	return p
}

// imply notes the provider of a resource. A module need not require those of
// HashiCorp.
func (d *decoder) imply(block *hcl.Block) {
	name, _, _ := strings.Cut(block.Labels[0], "_")
	if attribute, ok := d.content(block.Body, objectSchema).Attributes["provider"]; ok {
		if reference, diags := hcl.AbsTraversalForExpr(attribute.Expr); !diags.HasErrors() {
			name = reference.RootName() // without the alias
		}
	}
	if name != "terraform" { // is part of the tools
		d.implied = append(d.implied, name)
	}
}

// call notes a module that this one calls from a directory.
func (d *decoder) call(block *hcl.Block) {
	attribute, ok := d.content(block.Body, callSchema).Attributes["source"]
	if !ok {
		return
	}
	if source := literal(attribute.Expr); strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../") {
		d.module.Calls = append(d.module.Calls, source)
	}
}

func (d *decoder) output(block *hcl.Block) {
	content := d.content(block.Body, outputSchema)
	name := block.Labels[0]
	o, ok := d.module.Outputs[name]
	if !ok {
		o = &Output{Name: name, Range: block.DefRange}
		d.module.Outputs[name] = o
	} else if !d.override {
		d.duplicate(block, o.Range)
		return
	}
	if value, ok := content.Attributes["value"]; ok {
		o.value = value.Expr
	}
	d.setText(&o.Description, content.Attributes["description"])
	d.setBool(&o.Sensitive, content.Attributes["sensitive"])
	d.setBool(&o.Ephemeral, content.Attributes["ephemeral"])
}

func (d *decoder) duplicate(block *hcl.Block, first hcl.Range) {
	d.diags = d.diags.Append(&hcl.Diagnostic{
		Severity: hcl.DiagError,
		Summary:  fmt.Sprintf("Duplicate %s %q", block.Type, block.Labels[0]),
		Detail:   fmt.Sprintf("The module declares it at %s already.", first),
		Subject:  &block.DefRange,
	})
}

func (d *decoder) finish() {
	for _, block := range d.variables {
		d.declare(block)
	}
	for _, name := range d.implied {
		if _, required := d.module.Providers[name]; !required {
			d.module.Providers[name] = Provider{Source: "hashicorp/" + name}
		}
	}
	types := newTypes(d.module)
	for _, o := range d.module.Outputs {
		o.Type = types.of(o.value)
	}
	slices.SortStableFunc(d.diags, func(a, b *hcl.Diagnostic) int { return strings.Compare(position(a), position(b)) })
}

// position orders diagnostics that were found in the order of a map.
func position(d *hcl.Diagnostic) string {
	if d.Subject == nil {
		return ""
	}
	return fmt.Sprintf("%s:%9d", d.Subject.Filename, d.Subject.Start.Byte)
}
