package platform

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// modulesForTests are small modules: "./net" gives what "./app" takes.
var modulesForTests = map[string]fs.FS{
	"net": fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(`
variable "cidr" { type = string }
variable "size" {
  type    = number
  default = 26
  validation {
    condition     = var.size <= 28
    error_message = "Write a size up to 28."
  }
}
variable "pools" {
  type    = map(object({ cidr = string, block_size = optional(number), tags = optional(list(string)) }))
  default = {}
}
output "id" { value = "net-${var.cidr}" }
output "ports" { value = [for p in [80] : p] }
`)}},
	"app": fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(`
variable "net" {
  type    = string
  default = null
}
variable "settings" {
  type    = any
  default = null
}
variable "untyped" { default = null }
variable "password" {
  type      = string
  default   = ""
  ephemeral = true
}
output "url" { value = "https://app" }
`)}},
	"tf/caller": fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(`module "a" { source = "../called" }`)}},
	"tf/called": fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte("module \"a\" { source = \"../../shared/x\" }\nmodule \"b\" { source = \"../caller\" }")}},
	"shared/x":  fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(`module "a" { source = "./below" }`)}},
	"broken":    fstest.MapFS{"main.tf": &fstest.MapFile{Data: []byte(`variable "x" {`)}},
	"empty":     fstest.MapFS{"README.md": &fstest.MapFile{}},
}

// load loads one platform file.
func load(source string) (*Platform, hcl.Diagnostics) {
	return loadFiles(map[string]string{"platform.hcl": source})
}

func loadFiles(files map[string]string) (*Platform, hcl.Diagnostics) {
	sources := map[string][]byte{}
	for name, text := range files {
		sources[name] = []byte(text)
	}
	return Load(sources, Options{Open: func(s Source) (fs.FS, error) {
		if s.Dir == "" {
			return nil, ErrUnavailable
		}
		if m, ok := modulesForTests[s.Dir]; ok {
			return m, nil
		}
		return nil, fs.ErrNotExist
	}})
}

// header is what every platform needs besides the part that a test is about.
const header = "platform \"acme\" {\n  state \"local\" {}\n}\n"

// sites has two environments, of which prod has two sites.
const sites = `
environment "stage" {
  domain = "stage.example.internal"
  site "seoul" { cidr = "10.64.0.0/16" }
}
environment "prod" {
  domain = "example.internal"
  site "seoul" { cidr = "10.244.0.0/16" }
  site "tokyo" { cidr = "10.245.0.0/16" }
}
`

const networkComponent = `
component "net" {
  per    = "site"
  module = "./net"
  inputs = { cidr = site.cidr }
}
`

// inputs are the inputs of all units as JSON, unknown values as "?".
func inputs(t *testing.T, p *Platform) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, u := range p.Units {
		value, err := cty.Transform(cty.ObjectVal(u.Inputs), func(_ cty.Path, v cty.Value) (cty.Value, error) {
			if !v.IsKnown() {
				return cty.StringVal("?"), nil
			}
			return v, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		text, err := ctyjson.Marshal(value, value.Type())
		if err != nil {
			t.Fatal(err)
		}
		all[u.Path()] = string(text)
	}
	return all
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		source string
		want   map[string]string // inputs by unit
	}{
		"a unit for each site": {header + sites + networkComponent, map[string]string{
			"prod/seoul/net":  `{"cidr":"10.244.0.0/16"}`,
			"prod/tokyo/net":  `{"cidr":"10.245.0.0/16"}`,
			"stage/seoul/net": `{"cidr":"10.64.0.0/16"}`,
		}},
		"per environment and per platform": {header + sites + `
			component "app" {
			  per    = "environment"
			  module = "./app"
			  inputs = { net = env.domain }
			}
			component "one" {
			  per    = "platform"
			  module = "./app"
			}`, map[string]string{
			"prod/app":     `{"net":"example.internal"}`,
			"stage/app":    `{"net":"stage.example.internal"}`,
			"platform/one": `{}`,
		}},
		"locals refer to each other in any order, sites to their environment": {header + `
			locals {
			  b = "${local.a}b"
			  a = "a"
			}
			environment "stage" {
			  zone = "${local.b}.internal"
			  host = "${env.name}.${env.zone}"
			  site "seoul" {
			    fqdn = "${site.name}.${env.host}"
			    cidr = site.fqdn
			  }
			}` + networkComponent, map[string]string{
			"stage/seoul/net": `{"cidr":"seoul.stage.ab.internal"}`,
		}},
		"outputs and secrets are not known yet": {header + sites + networkComponent + `
			component "app" {
			  per    = "site"
			  module = "./app"
			  inputs = { net = component.net.outputs.id, password = secret("APP_PASSWORD") }
			}`, map[string]string{
			"prod/seoul/app":  `{"net":"?","password":"?"}`,
			"prod/seoul/net":  `{"cidr":"10.244.0.0/16"}`,
			"prod/tokyo/app":  `{"net":"?","password":"?"}`,
			"prod/tokyo/net":  `{"cidr":"10.245.0.0/16"}`,
			"stage/seoul/app": `{"net":"?","password":"?"}`,
			"stage/seoul/net": `{"cidr":"10.64.0.0/16"}`,
		}},
		"overrides merge maps, replace lists, and the narrower one wins": {header + sites + `
			component "net" {
			  per    = "site"
			  module = "./net"
			  inputs = {
			    cidr  = site.cidr
			    pools = { a = { cidr = "10.0.0.0/24", tags = ["x", "y"] } }
			  }
			  override "prod" {
			    inputs = {
			      size  = 27
			      pools = { a = { tags = ["z"] }, b = { cidr = "10.0.1.0/24" } }
			    }
			  }
			  override "prod/tokyo" {
			    inputs = { size = 28, pools = { a = { block_size = 26 } } }
			  }
			}`, map[string]string{
			"stage/seoul/net": `{"cidr":"10.64.0.0/16","pools":{"a":{"cidr":"10.0.0.0/24","tags":["x","y"]}}}`,
			"prod/seoul/net":  `{"cidr":"10.244.0.0/16","pools":{"a":{"cidr":"10.0.0.0/24","tags":["z"]},"b":{"cidr":"10.0.1.0/24"}},"size":27}`,
			"prod/tokyo/net":  `{"cidr":"10.245.0.0/16","pools":{"a":{"block_size":26,"cidr":"10.0.0.0/24","tags":["z"]},"b":{"cidr":"10.0.1.0/24"}},"size":28}`,
		}},
		"enabled by expression, and by override": {header + sites + networkComponent + `
			component "app" {
			  per     = "site"
			  module  = "./app"
			  enabled = env.name == "prod"
			  override "prod/tokyo" { enabled = false }
			}`, map[string]string{
			"prod/seoul/app":  `{}`,
			"prod/seoul/net":  `{"cidr":"10.244.0.0/16"}`,
			"prod/tokyo/net":  `{"cidr":"10.245.0.0/16"}`,
			"stage/seoul/net": `{"cidr":"10.64.0.0/16"}`,
		}},
		"another module in one environment": {header + sites + `
			component "net" {
			  per    = "site"
			  module = "./net"
			  inputs = { cidr = site.cidr }
			  override "stage" { module = "git::https://git.example.com/net.git?ref=v2" }
			}`, map[string]string{
			"prod/seoul/net":  `{"cidr":"10.244.0.0/16"}`,
			"prod/tokyo/net":  `{"cidr":"10.245.0.0/16"}`,
			"stage/seoul/net": `{"cidr":"10.64.0.0/16"}`,
		}},
		"variables of for may be called like references": {header + sites + `
			component "app" {
			  per    = "environment"
			  module = "./app"
			  inputs = { settings = [for local in [env.domain] : local], net = [for env in ["a"] : env][0] }
			}`, map[string]string{
			"prod/app":  `{"net":"a","settings":["example.internal"]}`,
			"stage/app": `{"net":"a","settings":["stage.example.internal"]}`,
		}},
		"null, and what is known after an apply, for any type": {header + sites + networkComponent + `
			component "app" {
			  per    = "site"
			  module = "./app"
			  inputs = { untyped = null, settings = component.net.outputs.id }
			}
			component "texts" {
			  per    = "platform"
			  module = "./app"
			  inputs = { settings = [1 > 2 ? "a" : null, "a"] }
			}`, map[string]string{
			"prod/seoul/app": `{"settings":"?","untyped":null}`, "prod/seoul/net": `{"cidr":"10.244.0.0/16"}`,
			"prod/tokyo/app": `{"settings":"?","untyped":null}`, "prod/tokyo/net": `{"cidr":"10.245.0.0/16"}`,
			"stage/seoul/app": `{"settings":"?","untyped":null}`, "stage/seoul/net": `{"cidr":"10.64.0.0/16"}`,
			"platform/texts": `{"settings":[null,"a"]}`,
		}},
		"null replaces a value": {header + sites + `
			component "net" {
			  per    = "site"
			  module = "./net"
			  inputs = { cidr = site.cidr, size = 27 }
			  override "prod" {
			    inputs = { size = null }
			  }
			}`, map[string]string{
			"prod/seoul/net":  `{"cidr":"10.244.0.0/16","size":null}`,
			"prod/tokyo/net":  `{"cidr":"10.245.0.0/16","size":null}`,
			"stage/seoul/net": `{"cidr":"10.64.0.0/16","size":27}`,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, diags := load(tc.source)
			if len(diags) > 0 {
				t.Fatal(diags)
			}
			if diff := cmp.Diff(tc.want, inputs(t, p)); diff != "" {
				t.Errorf("inputs differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadSeveralFiles(t *testing.T) {
	t.Parallel()
	p, diags := loadFiles(map[string]string{"platform.hcl": header, "b.platform.hcl": networkComponent + "locals { x = 1 }\n", "a.platform.hcl": sites + "locals { y = local.x }\n"})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	if got := inputs(t, p); len(got) != 3 || !p.LocalValue.GetAttr("y").RawEquals(cty.NumberIntVal(1)) {
		t.Errorf("got %v with locals %#v", got, p.LocalValue)
	}
	_, diags = loadFiles(map[string]string{"platform.hcl": header + sites + networkComponent, "z.platform.hcl": networkComponent})
	if want := `There is a component "net" already, at platform.hcl:15.`; len(diags) != 1 || !strings.Contains(diags[0].Detail, want) || diags[0].Subject.Filename != "z.platform.hcl" {
		t.Errorf("want one error in z.platform.hcl with %q, got %v", want, diags)
	}
}

// TestWhole checks how much has to be copied for a local module to find those
// it calls.
func TestWhole(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]string{"./app": "app", "./shared/x": "shared/x", "./tf/caller": "."} {
		p, diags := load(header + sites + "component \"x\" {\n  per = \"environment\"\n  module = \"" + dir + "\"\n}")
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		if got := p.Components[0].Source.Whole; got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
	}
}

func TestCommonFolder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ a, b, want string }{
		{"tf/a", "tf/b", "tf"},
		{"tf/a", "tf/a/sub", "tf/a"},
		{"a", "b", "."},
		{"../tf/a", "../tf/b", "../tf"},
		{"tf/a", "../b", ".."},
		{"../a", "../../b", "../.."},
		{"..", "a", ".."},
	} {
		for _, pair := range [][2]string{{tc.a, tc.b}, {tc.b, tc.a}} {
			if got := commonFolder(pair[0], pair[1]); got != tc.want {
				t.Errorf("%s and %s: got %q, want %q", pair[0], pair[1], got, tc.want)
			}
		}
	}
}

func TestUnitNeeds(t *testing.T) {
	t.Parallel()
	p, diags := load(header + sites + networkComponent + `
		component "dns" {
		  per    = "platform"
		  module = "./app"
		}
		component "db" {
		  per        = "environment"
		  module     = "./app"
		  depends_on = [component.dns]
		}
		component "app" {
		  per    = "site"
		  module = "./app"
		  inputs = { settings = [component.db.outputs.url, component.net.outputs.id] }
		  override "prod/tokyo" {
		    inputs = { password = component.dns.outputs.url }
		  }
		}`)
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	got := map[string]string{}
	for _, u := range p.Units {
		for _, on := range u.Needs {
			got[u.Path()] += on.Path() + " "
		}
	}
	want := map[string]string{
		"prod/db": "platform/dns ", "stage/db": "platform/dns ",
		"prod/seoul/app": "prod/db prod/seoul/net ", "stage/seoul/app": "stage/db stage/seoul/net ",
		"prod/tokyo/app": "platform/dns prod/db prod/tokyo/net ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("needs differ (-want +got):\n%s", diff)
	}
}

// TestLoadRefuses has everything that is refused. The line that is at fault
// ends with the mark "<", which is a comment.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		source string
		words  string // of the message
		rule   string
	}{
		"syntax":                        {header + "component {{ #<", "required", ""},
		"nothing at all":                {"#<", "No platform block", ""},
		"no environment":                {"platform \"acme\" { #<\n  state \"local\" {}\n}\n" + networkComponent, "No environment", ""},
		"no component":                  {"platform \"acme\" { #<\n  state \"local\" {}\n}\n" + sites, "No component", ""},
		"no state":                      {"platform \"acme\" { #<\n}\n" + sites + networkComponent, "No state", ""},
		"two platforms":                 {header + sites + networkComponent + "platform \"b\" { #<\n}", "already, at platform.hcl:1", ""},
		"unknown block":                 {header + sites + networkComponent + "environmnt \"x\" { #<\n}", `Did you mean "environment"?`, ""},
		"unknown attribute":             {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  modul = \"./net\" #<\n  module = \"./app\"\n}", `Did you mean "module"?`, ""},
		"block written as attribute":    {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  override = {} #<\n}", "without the equals sign", ""},
		"attribute written as block":    {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs { #<\n}\n}", "write inputs = …", ""},
		"block without name":            {header + sites + networkComponent + "component { #<\n  per = \"site\"\n  module = \"./app\"\n}", "has one name", ""},
		"unknown backend":               {"platform \"acme\" {\n  state \"etcdv3\" {} #<\n}\n" + sites + networkComponent, "The generator knows the backends", "onprem/state-key"},
		"one state for all":             {"platform \"acme\" {\n  state \"s3\" {\n  bucket = \"b\"\n  key = \"all\" #<\n}\n}\n" + sites + networkComponent, "a key of its own", "onprem/state-key"},
		"http state without address":    {"platform \"acme\" {\n  state \"http\" {} #<\n}\n" + sites + networkComponent, "Write the address", "onprem/state-key"},
		"http state with a slash":       {"platform \"acme\" {\n  state \"http\" {\n    address = \"https://git.example.com/state/\" #<\n  }\n}\n" + sites + networkComponent, "no slash", "onprem/state-key"},
		"local state in the cache":      {"platform \"acme\" {\n  state \"local\" {\n    path = \"state/${unit.path}\" #<\n  }\n}\n" + sites + networkComponent, "begins with a slash", "onprem/state-key"},
		"name no schema can have":       {"platform \"acme\" {\n  state \"pg\" {}\n}\nenvironment \"e\" {\n  site \"" + strings.Repeat("s", 60) + "\" { cidr = \"a\" }\n}\n" + strings.Replace(networkComponent, "{", "{ #<", 1), "66 characters", "onprem/state-key"},
		"name no Secret can have":       {"platform \"acme\" {\n  state \"kubernetes\" {}\n}\n" + sites + "component \"my_net\" { #<\n  per = \"site\"\n  module = \"./net\"\n  inputs = { cidr = site.cidr }\n}", "no underscores", "onprem/state-key"},
		"two states with one name":      {"platform \"acme\" {\n  state \"pg\" {}\n}\nenvironment \"a\" {\n  site \"b\" {}\n}\ncomponent \"b_x\" {\n  per = \"environment\"\n  module = \"./app\"\n}\ncomponent \"x\" {\n  per = \"site\"\n  module = \"./app\"\n}", `both keep their state as "a_b_x"`, "onprem/state-key"},
		"provider with a reserved name": {"platform \"acme\" {\n  state \"local\" {}\n  provider \"root\" {} #<\n}\n" + sites + networkComponent, "Reserved name", ""},
		"secret in the state":           {"platform \"acme\" {\n  state \"pg\" {\n  conn_str = secret(\"PG\") #<\n}\n}\n" + sites + networkComponent, "from the environment", ""},
		"unknown tool":                  {"platform \"acme\" {\n  tool = \"pulumi\" #<\n  state \"local\" {}\n}\n" + sites + networkComponent, `write "terraform" or "tofu"`, ""},
		"version that is none":          {"platform \"acme\" {\n  terraform_version = \"new\" #<\n  state \"local\" {}\n}\n" + sites + networkComponent, "write a constraint", ""},
		"unknown forge":                 {"platform \"acme\" {\n  state \"local\" {}\n  workflows \"gitea\" {} #<\n}\n" + sites + networkComponent, `for "github" only`, ""},
		"two environments":              {header + sites + networkComponent + "environment \"prod\" { #<\n}", "There is an environment \"prod\" already", ""},
		"two sites":                     {header + sites + networkComponent + "environment \"x\" {\n  site \"a\" {}\n  site \"a\" {} #<\n}", "already", ""},
		"two components":                {header + sites + networkComponent + "component \"net\" { #<\n  per = \"site\"\n  module = \"./app\"\n}", "already", ""},
		"two locals":                    {header + sites + networkComponent + "locals { a = 1 }\nlocals { a = 2 } #<", "already", ""},
		"name with a slash":             {header + sites + networkComponent + "environment \"a/b\" {} #<", "lower-case letters", ""},
		"name with dots":                {header + sites + networkComponent + "environment \"..\" {} #<", "lower-case letters", ""},
		"name with a space":             {header + sites + networkComponent + "component \"my app\" { #<\n  per = \"site\"\n  module = \"./app\"\n}", "lower-case letters", ""},
		"name that is too long":         {header + sites + networkComponent + "environment \"" + strings.Repeat("a", 64) + "\" {} #<", "at most 63", ""},
		"reserved environment":          {header + sites + networkComponent + "environment \"modules\" {} #<", "Reserved name", ""},
		"reserved attribute":            {header + sites + networkComponent + "environment \"x\" {\n  name = \"y\" #<\n}", "Reserved name", ""},
		"component without module":      {header + sites + networkComponent + "component \"x\" { #<\n  per = \"site\"\n}", "has no module", ""},
		"component without scope":       {header + sites + networkComponent + "component \"x\" { #<\n  module = \"./app\"\n}", "how often it exists", ""},
		"unknown scope":                 {header + sites + networkComponent + "component \"x\" {\n  per = \"sites\" #<\n  module = \"./app\"\n}", `Did you mean "site"?`, ""},
		"missing module":                {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./ap\" #<\n}", "There is no module", "onprem/module"},
		"broken module":                 {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./broken\"\n}", "", ""},
		"empty module":                  {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./empty\" #<\n}", "has no file that ends in .tf", "onprem/module"},
		"module without version":        {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"git::https://git.example.com/x.git\" #<\n}", "?ref=", "onprem/module-unpinned"},
		"folder that is no source":      {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"app\" #<\n}", `write "./app"`, "onprem/module"},
		"unknown component":             {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = component.nett.outputs.id } #<\n}", `Did you mean "net"?`, "onprem/unknown-component"},
		"unknown output":                {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = component.net.outputs.idd } #<\n}", `Did you mean "id"?`, "onprem/unknown-output"},
		"reference without outputs":     {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = component.net.id } #<\n}", "component.net.outputs.OUTPUT", ""},
		"reference to one of many":      {header + sites + networkComponent + "component \"x\" {\n  per = \"environment\"\n  module = \"./app\"\n  inputs = { net = component.net.outputs.id } #<\n}", "no single one", "onprem/dependency-scope"},
		"site per environment":          {header + sites + networkComponent + "component \"x\" {\n  per = \"environment\"\n  module = \"./app\"\n  inputs = { net = site.cidr } #<\n}", "no single site", ""},
		"environment per platform":      {header + sites + networkComponent + "component \"x\" {\n  per = \"platform\"\n  module = \"./app\"\n  inputs = { net = env.domain } #<\n}", "no single environment", ""},
		"unknown name":                  {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = sites.cidr } #<\n}", `Did you mean "site"?`, ""},
		"unknown attribute of a site":   {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = site.cidrs } #<\n}", `Did you mean "cidr"?`, ""},
		"unknown function":              {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = uper(\"a\") } #<\n}", `Did you mean "upper"?`, ""},
		"function of one tool only":     {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = timestamp() } #<\n}", "cannot be used in a platform file", ""},
		"secret without name":           {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = secret(env.name) } #<\n}", "in quotes", ""},
		"inputs by expression":          {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = merge({}, {}) #<\n}", "the names must stand there", ""},
		"input twice":                   {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = {\n    net = 1\n    net = 2 #<\n  }\n}", "stands here twice", ""},
		"cycle of values":               {header + sites + networkComponent + "locals {\n  a = local.b #<\n  b = local.a\n}", "local.a → local.b → local.a", ""},
		"cycle of components":           {header + sites + "component \"a\" { #<\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = component.b.outputs.url }\n}\ncomponent \"b\" {\n  per = \"site\"\n  module = \"./app\"\n  depends_on = [component.a]\n}", "a → b → a", "onprem/dependency-cycle"},
		"component that needs itself":   {header + sites + "component \"a\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = component.a.outputs.url } #<\n}", "its own outputs", "onprem/dependency-cycle"},
		"dependency that is disabled":   {header + sites + "component \"net\" {\n  per = \"site\"\n  module = \"./net\"\n  inputs = { cidr = site.cidr }\n  override \"stage\" { enabled = false }\n}\ncomponent \"x\" { #<\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = component.net.outputs.id }\n}", "disabled for stage/seoul/net", "onprem/dependency-disabled"},
		"enabled that is no yes or no":  {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  enabled = site.cidr #<\n}", "true or false", ""},
		"override of nothing":           {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  override \"prd\" {} #<\n}", `Did you mean "prod"?`, ""},
		"override of no site":           {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  override \"prod/tokio\" {} #<\n}", `Did you mean "tokyo"?`, ""},
		"override that cannot apply":    {header + sites + networkComponent + "component \"x\" {\n  per = \"environment\"\n  module = \"./app\"\n  override \"prod/tokyo\" {} #<\n}", "no site can override it", ""},
		"override of what is unknown":   {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = component.net.outputs.id }\n  override \"prod\" {\n    inputs = { net = { a = 1 } } #<\n  }\n}", "known only after an apply", ""},
		"folder wanted twice":           {header + sites + "component \"tokyo\" { #<\n  per = \"environment\"\n  module = \"./app\"\n}", "The site \"tokyo\" wants the same", "onprem/folder-twice"},
		"unknown input":                 {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./net\"\n  inputs = { cidr = \"a\", sise = 1 } #<\n}", `Did you mean "size"?`, "onprem/unknown-input"},
		"missing input":                 {header + sites + "component \"x\" { #<\n  per = \"site\"\n  module = \"./net\"\n}", "cidr", "onprem/missing-input"},
		"wrong type deep inside":        {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./net\"\n  inputs = {\n    cidr  = \"a\"\n    pools = { a = { cidr = \"b\", block_size = \"large\" } } #<\n  }\n}", "pools.a.block_size", "onprem/input-type"},
		"unknown attribute deep inside": {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./net\"\n  inputs = {\n    cidr  = \"a\"\n    pools = { a = { cidr = \"b\", blocksize = 1 } } #<\n  }\n}", `Did you mean "block_size"?`, "onprem/unknown-attribute"},
		"validation of the module":      {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./net\"\n  inputs = {\n    cidr = \"a\"\n    size = 30 #<\n  }\n}", "Write a size up to 28.", "onprem/input-validation"},
		"type of a site's own value":    {header + "environment \"a\" {\n  site \"b\" {\n    size = \"big\" #<\n  }\n}\ncomponent \"x\" {\n  per = \"site\"\n  module = \"./net\"\n  inputs = { cidr = \"a\", size = site.size }\n}", "size", "onprem/input-type"},
		"text for any type":             {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { settings = \"a\" } #<\n}", "Declare type = string", "onprem/input-type"},
		"template for any type":         {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { settings = [{\n    a = \"$${b}\" #<\n  }] }\n}", "settings[0].a: It has", "onprem/input-type"},
		"object without type":           {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { untyped = [1] } #<\n}", "declares no type", "onprem/input-type"},
		"owner that is two":             {"platform \"acme\" {\n  state \"local\" {}\n  owners = [\"@a @b\"] #<\n}\n" + sites + networkComponent, "is no owner", ""},
		"owner without name":            {header + "environment \"e\" {\n  owners = [\"\"] #<\n  site \"s\" { cidr = \"a\" }\n}\n" + networkComponent, "is no owner", ""},
		"schedule of words":             {"platform \"acme\" {\n  state \"local\" {}\n  workflows \"github\" {\n    schedule = \"nightly\" #<\n  }\n}\n" + sites + networkComponent, "five fields", ""},
		"module without text":           {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"\" #<\n}", "Write module =", "onprem/module"},
		"module by null":                {header + sites + "component \"x\" {\n  per = \"site\"\n  module = null #<\n}", "Write module =", "onprem/module"},
		"module of one machine":         {header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"/srv/app\" #<\n}", "beginning with ./", "onprem/module"},
		"hidden reference":              {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { settings = [for local in [1] : site.cidr] } #<\n}", "Call the variable otherwise", ""},
		"hidden component":              {header + sites + networkComponent + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { settings = { for data, v in [1] : v => component.net.outputs.id } } #<\n}", `part of "data"`, ""},
		"secret in a provider":          {"platform \"acme\" {\n  state \"local\" {}\n  provider \"x\" {\n    a = { b = secret(\"X\") } #<\n  }\n}\n" + sites + networkComponent, "its own environment variable", "onprem/secret-in-provider"},
		"template in a provider":        {"platform \"acme\" {\n  state \"local\" {}\n  provider \"x\" {\n    a = env.a #<\n  }\n}\nenvironment \"e\" {\n  a = \"$${b}\"\n  site \"s\" { cidr = \"c\" }\n}\n" + networkComponent, "Terraform would evaluate", "onprem/provider-template"},
		"ignored without reason":        {header + sites + networkComponent + "# onprem:ignore onprem/unknown-input <", "Say why", "onprem/ignore"},
		"ignored what does not exist":   {header + sites + networkComponent + "# onprem:ignore onprem/unknown-inputs because I like it <", `Did you mean "onprem/unknown-input"?`, "onprem/ignore"},
		"ignored what cannot be":        {header + sites + networkComponent + "# onprem:ignore onprem/dependency-cycle because I like it <", "cannot be silenced", "onprem/ignore"},
		"ignored what is not there":     {header + sites + networkComponent + "# onprem:ignore onprem/unknown-input because it was there once <", "Take the comment out", "onprem/ignore-unused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, diags := load(tc.source)
			if len(diags) != 1 {
				t.Fatalf("want one message, got %d: %v", len(diags), diags)
			}
			d := diags[0]
			line := strings.Count(tc.source[:strings.Index(tc.source+"<\n", "<\n")], "\n") + 1
			if !strings.Contains(tc.source, "<") {
				line = d.Subject.Start.Line
			}
			if text := d.Summary + "\n" + d.Detail; !strings.Contains(text, tc.words) || d.Subject.Start.Line != line {
				t.Errorf("want %q in line %d, got in line %d:\n%s", tc.words, line, d.Subject.Start.Line, text)
			}
			if rule, _ := RuleOf(d); rule.ID != tc.rule {
				t.Errorf("want rule %q, got %q", tc.rule, rule.ID)
			}
		})
	}
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	const component = `
component "x" {
  per    = "site"
  module = "./net"
  %s
  inputs = {
    cidr = "a"
    %s
    sise = 1 %s
  }
}
`
	const comment = "# onprem:ignore onprem/unknown-input because the next version has it"
	for name, source := range map[string]string{
		"above the attribute":   fmt.Sprintf(component, comment, "", ""),
		"above the line":        fmt.Sprintf(component, "", comment, ""),
		"behind the line":       fmt.Sprintf(component, "", "", comment),
		"with slashes":          fmt.Sprintf(component, "", "", "//"+comment[1:]),
		"above the whole block": comment + fmt.Sprintf(component, "", "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, diags := load(header + sites + source); len(diags) > 0 {
				t.Error(diags)
			}
		})
	}
	for name, source := range map[string]string{
		"at another line": fmt.Sprintf(component, "", "", "") + comment + "\nlocals { a = 1 }\n",
		"another rule":    fmt.Sprintf(component, strings.Replace(comment, "unknown-input", "missing-input", 1), "", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, diags := load(header + sites + source); len(diags) != 2 {
				t.Errorf("want the finding and the comment without use, got %v", diags)
			}
		})
	}
}

// TestFoundInManyUnits says one thing once.
func TestFoundInManyUnits(t *testing.T) {
	t.Parallel()
	_, diags := load(header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./net\"\n}\n")
	if want := "Found in prod/seoul/x and 2 more units."; len(diags) != 1 || !strings.HasSuffix(diags[0].Detail, want) {
		t.Errorf("want one message that ends with %q, got %v", want, diags)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	p, diags := load(header + sites + networkComponent + `
		component "x" {
		  per    = "site"
		  module = "./app"
		  inputs = { password = "${secret("B")}${secret("A")}${secret("B")}" }
		}`)
	if len(diags) > 0 || !cmp.Equal(p.Secrets, []string{"A", "B"}) {
		t.Errorf("want secrets A and B, got %v, %v", p.Secrets, diags)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(header + sites + networkComponent)
	f.Add(header + sites + "component \"x\" {\n  per = \"site\"\n  module = \"./app\"\n  inputs = { net = [for k, v in {a = 1} : \"${k}${v}\"] }\n  override \"prod\" { inputs = { net = null } }\n}")
	f.Add("locals {\n a = local.b\n b = local[\"a\"]\n}\n# onprem:ignore x")
	f.Add("platform \"a\" {\n state \"s3\" {\n key = unit.path\n}\n provider \"p\" {\n x = <<EOT\n${env.a}\nEOT\n}\n}")
	f.Fuzz(func(t *testing.T, source string) {
		p, diags := load(source)
		for _, u := range p.Units {
			if !diags.HasErrors() && (!fs.ValidPath(u.Path()) || strings.Contains(u.Path(), "..")) {
				t.Errorf("unit %q would leave the tree", u.Path())
			}
		}
	})
}
