package module_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/platform/module"
)

// files makes a module of names and texts.
func files(texts map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func read(t *testing.T, texts map[string]string) *module.Module {
	t.Helper()
	m, diags := module.Read(files(texts), "modules/network")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return m
}

func TestReadVariables(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"variables.tf": `
variable "any" {}

variable "name" {
  type        = string
  description = "Name of the cluster."
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "pools" {
  type = map(object({
    cidr       = string
    block_size = optional(number, 26)
  }))
  default = { pods = { cidr = "10.64.0.0/16" } }
}

variable "count_of_nodes" {
  type    = number
  default = "3"
  validation {
    condition     = var.count_of_nodes > 0
    error_message = "There must be a node."
  }
  validation {
    condition     = var.count_of_nodes < 100
    error_message = "There are too many nodes."
  }
}

variable "old" {
  type    = map
  default = null
}
`})
	want := map[string]string{
		"any":            "any required nullable",
		"name":           "string required sensitive ephemeral",
		"pools":          "map(object({block_size=number,cidr=string})) nullable",
		"count_of_nodes": "number nullable 2 rules",
		"old":            "map(any) nullable",
	}
	got := map[string]string{}
	for name, v := range m.Variables {
		got[name] = describe(v)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := m.Variables["name"]; got.Description != "Name of the cluster." || got.Range.String() != "modules/network/variables.tf:4,1-16" {
		t.Errorf("got description %q at %s", got.Description, got.Range)
	}
	if got := m.Variables["count_of_nodes"].Default; !got.RawEquals(cty.NumberIntVal(3)) {
		t.Errorf("default is not converted: %#v", got)
	}
	pods := m.Variables["pools"].Default.Index(cty.StringVal("pods"))
	if got := pods.GetAttr("block_size"); !got.RawEquals(cty.NumberIntVal(26)) {
		t.Errorf("default of an optional attribute is not applied: %#v", got)
	}
	if got := m.Variables["name"].Default; got != cty.NilVal {
		t.Errorf("a required variable has the default %#v", got)
	}
}

func describe(v *module.Variable) string {
	words := []string{typeexpr.TypeString(v.Type.WithoutOptionalAttributesDeep())}
	if v.Required {
		words = append(words, "required")
	}
	if v.Nullable {
		words = append(words, "nullable")
	}
	if v.Sensitive {
		words = append(words, "sensitive")
	}
	if v.Ephemeral {
		words = append(words, "ephemeral")
	}
	if n := len(v.Validations); n > 0 {
		words = append(words, fmt.Sprintf("%d rules", n))
	}
	return strings.Join(words, " ")
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"versions.tf": `
terraform {
  required_version = ">= 1.11"
  required_providers {
    onprem = {
      source                = "onprem-tools/onprem"
      version               = "~> 1.0"
      configuration_aliases = [onprem.seoul]
    }
    random = ">= 3"
  }
}
terraform {
  required_version = "< 2.0"
  backend "local" {}
}
`})
	want := map[string]module.Provider{
		"onprem": {Source: "onprem-tools/onprem", Version: "~> 1.0"},
		"random": {Version: ">= 3"},
	}
	if diff := cmp.Diff(want, m.Providers); diff != "" {
		t.Error(diff)
	}
	if m.RequiredVersion != ">= 1.11, < 2.0" {
		t.Errorf("got %q", m.RequiredVersion)
	}
}

// TestReadImplied reads what a module says by its resources and calls alone.
func TestReadImplied(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"main.tf": `
terraform {
  required_providers {
    other = { source = "acme/other" }
  }
}
resource "helm_release" "app" {}
data "vault_kv_secret_v2" "app" { provider = vault.main }
ephemeral "random_password" "app" {}
resource "acme_thing" "app" { provider = other }
resource "terraform_data" "app" {}
module "beside" { source = "../beside" }
module "below" { source = "./below" }
module "remote" { source = "git::https://git.example.com/net.git?ref=v1" }
`})
	want := map[string]module.Provider{
		"other":  {Source: "acme/other"},
		"helm":   {Source: "hashicorp/helm"},
		"vault":  {Source: "hashicorp/vault"},
		"random": {Source: "hashicorp/random"},
	}
	if diff := cmp.Diff(want, m.Providers); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"../beside", "./below"}, m.Calls); diff != "" {
		t.Error(diff)
	}
}

func TestReadFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []string // the variables
	}{
		"all files at the top": {
			map[string]string{"a.tf": `variable "a" {}`, "b.tf": `variable "b" {}`},
			[]string{"a", "b"},
		},
		"JSON": {
			map[string]string{"a.tf.json": `{"//": "generated", "variable": {"a": {"type": "list(string)", "default": ["x"]}}}`},
			[]string{"a"},
		},
		"a .tofu file replaces the .tf file": {
			map[string]string{"a.tf": `variable "a" {}`, "a.tofu": `variable "b" {}`, "c.tofu": `variable "c" {}`},
			[]string{"b", "c"},
		},
		"a .tofu.json file replaces the .tf.json file": {
			map[string]string{"a.tf": `variable "a" {}`, "a.tf.json": `{"variable": {"b": {}}}`, "a.tofu.json": `{"variable": {"c": {}}}`},
			[]string{"a", "c"},
		},
		"other files and directories": {
			map[string]string{
				"a.tf": `variable "a" {}`, "README.md": "variable", ".hidden.tf": "{", "a.tf~": "{", "#a.tf#": "{",
				"tests/b.tf": `variable "b" {}`, "tests/a.tftest.hcl": `run "x" {}`, "sub/c.tf": "{", "dir.tf/d.tf": "{",
			},
			[]string{"a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := slices.Sorted(maps.Keys(read(t, c.files).Variables))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilesAndSources(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{"b.tf": "", "a_override.tf": "", "a.tf": ""})
	if diff := cmp.Diff([]string{"a.tf", "a_override.tf", "b.tf"}, m.Files); diff != "" {
		t.Error(diff)
	}
	if got := len(m.Sources); got != 3 || m.Sources["modules/network/a.tf"] == nil {
		t.Errorf("got %d sources: %v", got, slices.Collect(maps.Keys(m.Sources)))
	}
}

func TestOverrideFiles(t *testing.T) {
	t.Parallel()
	m := read(t, map[string]string{
		// By name it comes before the file it overrides.
		"a_override.tf": `
variable "size" {
  default = "4"
}
output "size" {
  sensitive = true
}
locals {
  size = ["overridden"]
}
`,
		"main.tf": `
variable "size" {
  type        = number
  description = "Kept."
  validation {
    condition     = var.size > 0
    error_message = "Kept as well."
  }
}
output "size" {
  value = local.size
}
locals {
  size = 1
}
`,
	})
	size := m.Variables["size"]
	if got := describe(size); got != "number nullable 1 rules" || size.Description != "Kept." || !size.Default.RawEquals(cty.NumberIntVal(4)) {
		t.Errorf("got %s, %q, %#v", got, size.Description, size.Default)
	}
	output := m.Outputs["size"]
	if want := cty.Tuple([]cty.Type{cty.String}); !output.Sensitive || !output.Type.Equals(want) {
		t.Errorf("got %#v, sensitive %t", output.Type, output.Sensitive)
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no module":                       {map[string]string{"README.md": ""}, `modules/network has no file that ends in .tf`},
		"syntax error":                    {map[string]string{"main.tf": "variable {"}, "modules/network/main.tf:1,10"},
		"syntax error in JSON":            {map[string]string{"main.tf.json": "{"}, "modules/network/main.tf.json:1"},
		"unknown type":                    {map[string]string{"main.tf": "variable \"a\" {\n  type = strnig\n}"}, "modules/network/main.tf:2,10-16: Invalid type specification"},
		"declared twice":                  {map[string]string{"a.tf": `variable "a" {}`, "b.tf": `variable "a" {}`}, `modules/network/b.tf:1,1-13: Duplicate variable "a"; The module declares it at modules/network/a.tf:1,1-13 already.`},
		"output declared twice":           {map[string]string{"a.tf": `output "a" {}`, "b.tf": `output "a" {}`}, `modules/network/b.tf:1,1-11: Duplicate output "a"`},
		"default of wrong type":           {map[string]string{"a.tf": "variable \"a\" {\n  type = object({ b = number })\n  default = { b = \"x\" }\n}"}, `modules/network/a.tf:3,13-24: Default of the wrong type; a.b: a number is required.`},
		"null where not allowed":          {map[string]string{"a.tf": "variable \"a\" {\n  nullable = false\n  default = null\n}"}, `a: null is not allowed.`},
		"default that refers":             {map[string]string{"a.tf": "variable \"a\" {\n  default = var.b\n}"}, `Variables not allowed`},
		"number that takes hours":         {map[string]string{"a.tf": "variable \"a\" {\n  type = string\n  default = 1e99999999\n}"}, "modules/network/a.tf:3,13-23: Number out of range"},
		"number that takes hours in JSON": {map[string]string{"a.tf.json": `{"variable": {"a": {"type": "string", "default": 1e99999999}}}`}, "modules/network/a.tf.json: 1e99999999 has an exponent"},
		"no constant":                     {map[string]string{"a.tf": "variable \"a\" {\n  sensitive = \"maybe\"\n}"}, `Unsuitable value of sensitive; A constant bool is required.`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, diags := module.Read(files(c.files), "modules/network")
			if m == nil || !diags.HasErrors() || !strings.Contains(diags.Error(), c.want) {
				t.Errorf("got %v, want %s", diags, c.want)
			}
		})
	}
}

func TestMissingDirectory(t *testing.T) {
	t.Parallel()
	_, diags := module.Read(os.DirFS(filepath.Join(t.TempDir(), "gone")), "gone")
	if !diags.HasErrors() || !strings.Contains(diags.Error(), "Module cannot be read") {
		t.Errorf("got %v", diags)
	}
}

// The modules of this repository are what the generator reads most.
func TestBuiltInModules(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob("../../../modules/*/variables.tf")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range dirs {
		dir := filepath.Dir(file)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			m, diags := module.Read(os.DirFS(dir), dir)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if _, ok := m.Providers["onprem"]; !ok || len(m.Variables) == 0 {
				t.Errorf("got providers %v and variables %v", m.Providers, m.Variables)
			}
			for name, v := range m.Variables {
				if v.Description == "" || v.Type == cty.DynamicPseudoType {
					t.Errorf("variable %s has type %s and description %q", name, typeexpr.TypeString(v.Type), v.Description)
				}
			}
			for name, o := range m.Outputs {
				t.Logf("output %s: %s", name, typeexpr.TypeString(o.Type))
			}
		})
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"", "{", `{"variable": {"a": {"type": "list(string)"}}}`,
		`variable "a" { type = map(object({ b = optional(list(number), [1]) })) }`,
		"variable \"a\" {\n  type = number\n  validation {\n    condition = var.a > local.b\n    error_message = \"${var.a}\"\n  }\n}",
		"locals {\n  a = local.b\n  b = local.a\n}\noutput \"a\" {\n  value = { for k, v in var.x : k => v... if local.a }\n}",
		"output \"a\" {\n  value = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : [for d in range(1000) : d]]]]\n}",
		"output \"a\" {\n  value = try(data.x.y[0].z, \"${module.m.n}\", null)\n}",
	} {
		f.Add([]byte(text), "a")
	}
	f.Fuzz(func(t *testing.T, text []byte, value string) {
		start := time.Now()
		defer func() {
			if took := time.Since(start); took > time.Second {
				t.Errorf("took %s", took)
			}
		}()
		for _, name := range []string{"main.tf", "main.tf.json"} {
			m, _ := module.Read(fstest.MapFS{name: {Data: text}}, "fuzz")
			inputs := map[string]cty.Value{}
			for name, v := range m.Variables {
				inputs[name] = cty.TupleVal([]cty.Value{cty.StringVal(value), cty.NullVal(v.Type.WithoutOptionalAttributesDeep())})
			}
			m.CheckInputs(inputs)
			for name, v := range m.Variables {
				inputs[name] = module.Mock(v.Type.WithoutOptionalAttributesDeep(), value)
			}
			m.CheckInputs(inputs)
			for name, o := range m.Outputs {
				module.Mock(o.Type, name)
			}
		}
	})
}
