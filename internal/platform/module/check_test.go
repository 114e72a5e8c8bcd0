package module_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/functions"
	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/module"
)

// checked is the module that the cases give inputs to.
const checked = `
variable "cluster" {
  type        = string
  description = "Name of the cluster."
  nullable    = false
  validation {
    condition     = can(regex("^[a-z]+$", var.cluster))
    error_message = "The name ${var.cluster} is not in small letters."
  }
}

variable "ip_pools" {
  type = map(object({
    cidr       = string
    block_size = optional(number, 26)
    nodes      = optional(list(object({ name = string })), [])
  }))
  default = {}
  validation {
    condition     = alltrue([for p in var.ip_pools : p.block_size <= local.largest])
    error_message = "A block holds at least one address."
  }
}

variable "as_number" {
  type    = number
  default = 64512
  validation {
    condition     = var.as_number > 0
    error_message = "The AS number must be positive."
  }
  validation {
    condition     = var.as_number != var.peer_as_number
    error_message = "Both ends have AS number ${var.as_number}."
  }
}

variable "peer_as_number" {
  type     = number
  default  = 64500
  nullable = false
}

variable "zones" {
  type    = set(object({ name = string }))
  default = []
}

variable "pair" {
  type    = tuple([string, object({ a = bool })])
  default = null
}

variable "token" {
  type      = string
  default   = null
  sensitive = true
  validation {
    condition     = var.token == null || length(coalesce(var.token, "none")) > 3
    error_message = "The token ${coalesce(var.token, "none")} is too short."
  }
}

locals {
  largest = 32
}
`

// checks are inputs and the problems they have. TestTerraformAgrees gives the
// same to Terraform.
var checks = map[string]struct {
	inputs string
	want   []string
}{
	"fine": {`
cluster  = "seoul"
ip_pools = { pods = { cidr = "10.64.0.0/16", nodes = [{ name = "a" }] } }
as_number = "64513"
pair = ["a", { a = "true" }]
`, nil},
	"null where a default replaces it": {`
cluster        = "seoul"
ip_pools       = { pods = { cidr = null } }
peer_as_number = null
token          = null
`, nil},
	"missing": {``, []string{
		`cluster: Missing input "cluster": The module requires it, a value of type string. Name of the cluster.`,
	}},
	"null for a required input": {`cluster = null`, []string{
		`cluster: Wrong type of input: cluster: null is not allowed.`,
	}},
	"unknown input": {"cluster = \"a\"\nas_numbre = 1\ncompletely_else = 2", []string{
		`as_numbre: Unknown input "as_numbre": The module has no variable "as_numbre". Did you mean "as_number"?`,
		`completely_else: Unknown input "completely_else": The module has no variable "completely_else".`,
	}},
	"wrong type of the whole": {"cluster = [\"a\"]\nip_pools = 12", []string{
		`cluster: Wrong type of input: cluster: string required, but have tuple.`,
		`ip_pools: Wrong type of input: ip_pools: map of object required, but have number.`,
	}},
	"wrong types deep inside, all of them": {`
cluster  = "a"
ip_pools = {
  pods     = { cidr = "10.64.0.0/16", block_size = "large" }
  "a.b"    = { cidr = "10.65.0.0/16", nodes = [{ name = "a" }, { name = [] }] }
  services = {}
}
pair = ["a", { a = 1 }]
`, []string{
		`ip_pools.pods.block_size: Wrong type of input: ip_pools.pods.block_size: a number is required.`,
		`ip_pools.services: Wrong type of input: ip_pools.services: attribute "cidr" is required.`,
		`ip_pools["a.b"].nodes[1].name: Wrong type of input: ip_pools["a.b"].nodes[1].name: string required, but have tuple.`,
		`pair[1].a: Wrong type of input: pair[1].a: bool required, but have number.`,
	}},
	"wrong type in a set": {"cluster = \"a\"\nzones = [{ name = \"a\" }, { name = [] }]", []string{
		`zones[1].name: Wrong type of input: zones[1].name: string required, but have tuple.`,
	}},
	"wrong type in a map": {"cluster = \"a\"\nip_pools = tomap({ pods = { cidr = \"10.64.0.0/16\", block_size = \"large\" } })", []string{
		`ip_pools.pods.block_size: Wrong type of input: ip_pools.pods.block_size: a number is required.`,
	}},
	"an object for a list": {"cluster = \"a\"\nip_pools = { pods = { cidr = \"10.64.0.0/16\", nodes = { a = { name = [] } } } }", []string{
		`ip_pools.pods.nodes: Wrong type of input: ip_pools.pods.nodes: list of object required.`,
	}},
	"too few elements": {"cluster = \"a\"\npair = [\"a\"]", []string{
		`pair: Wrong type of input: pair: tuple required.`,
	}},
	"validation": {"cluster = \"Seoul\"\nas_number = 0", []string{
		`as_number: Invalid value of input "as_number": The AS number must be positive.`,
		`cluster: Invalid value of input "cluster": The name Seoul is not in small letters.`,
	}},
	"validation against the default of another input": {"cluster = \"a\"\nas_number = 64500", []string{
		`as_number: Invalid value of input "as_number": Both ends have AS number 64500.`,
	}},
	"validation of a default": {"cluster = \"a\"\npeer_as_number = 64512", []string{
		`as_number: Invalid value of input "as_number": Both ends have AS number 64512.`,
	}},
	"validation with a local": {"cluster = \"a\"\nip_pools = { pods = { cidr = \"10.64.0.0/16\", block_size = 33 } }", []string{
		`ip_pools: Invalid value of input "ip_pools": A block holds at least one address.`,
	}},
	"validation of a secret": {"cluster = \"a\"\ntoken = \"abc\"", []string{
		`token: Invalid value of input "token": The message of the module's validation rule would show a secret.`,
	}},
}

// attributes are inputs that Terraform accepts, dropping part of them.
var attributes = map[string]struct {
	inputs string
	want   []string
}{
	"misspelt": {"cluster = \"a\"\nip_pools = { pods = { cidr = \"10.64.0.0/16\", blocksize = 24 } }", []string{
		`ip_pools.pods.blocksize: Unknown attribute "blocksize": The type of ip_pools.pods has no attribute "blocksize", and Terraform would drop it without a word. Did you mean "block_size"?`,
	}},
	"in lists and tuples": {`
cluster  = "a"
ip_pools = { pods = { cidr = "10.64.0.0/16", nodes = [{ name = "a", zone = "b" }] } }
pair     = ["a", { a = true, b = true }]
`, []string{
		`ip_pools.pods.nodes[0].zone: Unknown attribute "zone": The type of ip_pools.pods.nodes[0] has no attribute "zone", and Terraform would drop it without a word.`,
		`pair[1].b: Unknown attribute "b": The type of pair[1] has no attribute "b", and Terraform would drop it without a word. Did you mean "a"?`,
	}},
}

func TestCheckInputs(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"main.tf": checked})
	for _, table := range []map[string]struct {
		inputs string
		want   []string
	}{checks, attributes} {
		for name, c := range table {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var got []string
				for _, p := range m.CheckInputs(parse(t, c.inputs)) {
					got = append(got, fmt.Sprintf("%s: %s: %s", p.Address(), p.Summary, p.Detail))
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

// Terraform refuses the inputs that we refuse, and accepts those that we accept.
func TestTerraformAgrees(t *testing.T) {
	t.Parallel()
	tool := findTool(t)
	for name, c := range checks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "main.tf"), "module \"it\" {\n  source = \"./it\"\n"+c.inputs+"\n}\n")
			write(t, filepath.Join(dir, "it", "main.tf"), checked)
			if out, err := terraform(t, dir, tool, "get"); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			out, err := terraform(t, dir, tool, "plan", "-input=false", "-no-color")
			if refused := err != nil; refused != (len(c.want) > 0) {
				t.Errorf("want problems %q, got %v\n%s", c.want, err, out)
			}
		})
	}
}

func TestProblemsSayWhereTheModuleDeclaresIt(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"main.tf": checked})
	kinds := map[module.Kind]int{
		module.UnknownInput: 0, module.MissingInput: 2, module.WrongType: 12, module.UnknownAttribute: 49, module.FailedValidation: 28,
	}
	problems := m.CheckInputs(parse(t, "nonsense = 1\nip_pools = []\nas_number = 0\npair = [\"a\", { a = true, zone = 1 }]"))
	for _, p := range problems {
		if line, ok := kinds[p.Kind]; !ok || p.Declared.Start.Line != line {
			t.Errorf("%s: declared at %s, want line %d", p.Address(), p.Declared, line)
		}
		delete(kinds, p.Kind)
	}
	if len(kinds) > 0 {
		t.Errorf("kinds without a problem: %v", kinds)
	}
}

func TestUndecidedIsNoProblem(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"main.tf": checked + `
variable "of_a_run" {
  default = 1
  validation {
    condition     = data.onprem_thing.this.id == "x"
    error_message = "Never decided."
  }
  validation {
    condition     = fileexists("x")
    error_message = "Never decided."
  }
  validation {
    condition     = null
    error_message = "Never decided."
  }
}
`})
	pool := map[string]cty.Value{"cidr": cty.UnknownVal(cty.String), "block_size": cty.DynamicVal}
	for name, inputs := range map[string]map[string]cty.Value{
		"unknown":             {"cluster": cty.UnknownVal(cty.String), "ip_pools": cty.DynamicVal, "as_number": cty.UnknownVal(cty.Number)},
		"unknown inside":      {"cluster": cty.StringVal("a"), "ip_pools": cty.ObjectVal(map[string]cty.Value{"pods": cty.ObjectVal(pool)})},
		"unknown convertible": {"cluster": cty.UnknownVal(cty.Number)},
		"secret":              {"cluster": cty.StringVal("a").Mark("secret"), "token": cty.StringVal("long enough").Mark("secret")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := m.CheckInputs(inputs); len(got) > 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestFunctionSensitiveHidesTheMessage(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"main.tf": `
variable "key" {
  validation {
    condition     = length(nonsensitive(var.key)) > 9
    error_message = "${sensitive(var.key)} is too short."
  }
}
`})
	problems := m.CheckInputs(map[string]cty.Value{"key": cty.StringVal("HUSH")})
	if len(problems) != 1 || strings.Contains(problems[0].Detail, "HUSH") {
		t.Errorf("got %+v", problems)
	}
}

func TestMarkedValuesAreNotShown(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"main.tf": checked})
	problems := m.CheckInputs(map[string]cty.Value{"cluster": cty.StringVal("HUSH").Mark("secret"), "as_number": cty.StringVal("HUSH").Mark("secret")})
	if len(problems) != 2 || strings.Contains(fmt.Sprint(problems[0].Detail, problems[1].Detail), "HUSH") {
		t.Errorf("got %+v", problems)
	}
}

func TestConvert(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"main.tf": checked})
	pool := func(cidr, size cty.Value) cty.Value {
		return cty.MapVal(map[string]cty.Value{"pods": cty.ObjectVal(map[string]cty.Value{
			"cidr": cidr, "block_size": size, "nodes": cty.ListValEmpty(cty.Object(map[string]cty.Type{"name": cty.String})),
		})})
	}
	for name, c := range map[string]struct {
		variable string
		value    cty.Value
		want     cty.Value
		err      string
	}{
		"converted":              {"as_number", cty.StringVal("1"), cty.NumberIntVal(1), ""},
		"defaults applied":       {"ip_pools", parse(t, `it = { pods = { cidr = "x" } }`)["it"], pool(cty.StringVal("x"), cty.NumberIntVal(26)), ""},
		"null kept":              {"as_number", cty.NullVal(cty.DynamicPseudoType), cty.NullVal(cty.Number), ""},
		"null replaced":          {"peer_as_number", cty.NullVal(cty.DynamicPseudoType), cty.NumberIntVal(64500), ""},
		"null refused":           {"cluster", cty.NullVal(cty.String), cty.NilVal, "cluster: null is not allowed"},
		"unknown":                {"as_number", cty.DynamicVal, cty.UnknownVal(cty.Number), ""},
		"marks kept":             {"as_number", cty.StringVal("1").Mark("m"), cty.NumberIntVal(1).Mark("m"), ""},
		"path":                   {"ip_pools", parse(t, `it = { pods = { cidr = "x", block_size = "y" } }`)["it"], cty.NilVal, "ip_pools.pods.block_size: a number is required"},
		"unknown inside":         {"ip_pools", cty.ObjectVal(map[string]cty.Value{"pods": cty.ObjectVal(map[string]cty.Value{"cidr": cty.DynamicVal})}), pool(cty.UnknownVal(cty.String), cty.NumberIntVal(26)), ""},
		"superfluous attributes": {"pair", parse(t, `it = ["a", { a = true, b = 1 }]`)["it"], parse(t, `it = ["a", { a = true }]`)["it"], ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := m.Variables[c.variable].Convert(c.value)
			switch {
			case c.err != "":
				if err == nil || err.Error() != c.err {
					t.Errorf("got error %v, want %s", err, c.err)
				}
			case err != nil:
				t.Error(err)
			case !got.RawEquals(c.want):
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

func TestMock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   cty.Type
		want cty.Value
	}{
		"string":  {cty.String, cty.StringVal("mock-id")},
		"number":  {cty.Number, cty.Zero},
		"bool":    {cty.Bool, cty.False},
		"unknown": {cty.DynamicPseudoType, cty.StringVal("mock-id")},
		"list":    {cty.List(cty.String), cty.ListVal([]cty.Value{cty.StringVal("mock-id")})},
		"set":     {cty.Set(cty.Number), cty.SetVal([]cty.Value{cty.Zero})},
		"map":     {cty.Map(cty.DynamicPseudoType), cty.MapVal(map[string]cty.Value{"mock-id": cty.StringVal("mock-id")})},
		"tuple":   {cty.Tuple([]cty.Type{cty.String, cty.Bool}), cty.TupleVal([]cty.Value{cty.StringVal("mock-id"), cty.False})},
		"object": {
			cty.Object(map[string]cty.Type{"name": cty.String, "peers": cty.List(cty.Object(map[string]cty.Type{"ip": cty.String}))}),
			cty.ObjectVal(map[string]cty.Value{
				"name":  cty.StringVal("mock-id-name"),
				"peers": cty.ListVal([]cty.Value{cty.ObjectVal(map[string]cty.Value{"ip": cty.StringVal("mock-id-peers-ip")})}),
			}),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := module.Mock(c.of, "id"); !got.RawEquals(c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
}

// parse evaluates the attributes of a text.
func parse(t *testing.T, text string) map[string]cty.Value {
	t.Helper()
	file, diags := hclsyntax.ParseConfig([]byte(text), "inputs", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	attributes, diags := file.Body.JustAttributes()
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	values := map[string]cty.Value{}
	for name, attribute := range attributes {
		value, diags := attribute.Expr.Value(&hcl.EvalContext{Functions: functions.Table()})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		values[name] = value
	}
	return values
}

// findTool prefers terraform, as the sandbox does.
func findTool(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("terraform"); err == nil {
		return path
	}
	built, err := filepath.Abs("../../../.tools/bin/tofu")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(built); err != nil {
		t.Skip("terraform is not on PATH and tofu not in .tools/bin")
	}
	return built
}

func terraform(t *testing.T, dir, tool string, args ...string) ([]byte, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tool, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return cmd.CombinedOutput()
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
