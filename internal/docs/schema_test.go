package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

// What is printed must be what the docs generator reads.
func TestSchemas(t *testing.T) {
	t.Parallel()
	all, err := schemas(t.Context(), providerserver.NewProtocol6(provider.New("test")())())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "schema.json")
	if err := writeSchemas(file, all); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document tfjson.ProviderSchemas
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	p := document.Schemas[source]
	if p == nil {
		t.Fatalf("no schemas for %s", source)
	}
	if p.ConfigSchema.Block.Attributes["harbor"].AttributeNestedType.Attributes["password"].Sensitive != true {
		t.Error("the password of the harbor block should be sensitive")
	}
	route := p.ResourceSchemas["onprem_kong_route"]
	if route == nil {
		t.Fatal("no schema of onprem_kong_route")
	}
	if got := route.Block.Attributes["headers"].AttributeType.FriendlyName(); got != "map of list of string" {
		t.Errorf("headers: got %s", got)
	}
	if secret := p.ResourceSchemas["onprem_harbor_registry"].Block.Attributes["access_secret_wo"]; !secret.WriteOnly || !secret.Sensitive {
		t.Errorf("access_secret_wo: got %+v", secret)
	}
	if p.DataSourceSchemas["onprem_kong_route"] == nil {
		t.Error("no schema of the data source onprem_kong_route")
	}
	identity := p.ResourceIdentitySchemas["onprem_kong_route"]
	if identity == nil || !identity.Attributes["id"].RequiredForImport {
		t.Errorf("identity of onprem_kong_route: got %+v", identity)
	}
}

// The provider may have functions one day, whose types are all there are.
func TestFunction(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(function(&tfprotov6.Function{
		Summary: "Hosts of a prefix",
		Parameters: []*tfprotov6.FunctionParameter{{
			Name: "prefix", Type: tftypes.Object{AttributeTypes: map[string]tftypes.Type{"cidr": tftypes.String, "first": tftypes.Number}},
		}},
		VariadicParameter: &tfprotov6.FunctionParameter{Name: "more", AllowNullValue: true, Type: tftypes.DynamicPseudoType},
		Return:            &tfprotov6.FunctionReturn{Type: tftypes.Map{ElementType: tftypes.List{ElementType: tftypes.Set{ElementType: tftypes.Bool}}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"summary":"Hosts of a prefix","return_type":["map",["list",["set","bool"]]],` +
		`"parameters":[{"name":"prefix","type":["object",{"cidr":"string","first":"number"}]}],` +
		`"variadic_parameter":{"name":"more","is_nullable":true,"type":"dynamic"}}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
}

func TestRights(t *testing.T) {
	t.Parallel()
	p := provider.New("test")()
	all, err := schemas(t.Context(), providerserver.NewProtocol6(p)())
	if err != nil {
		t.Fatal(err)
	}
	if err := addRights(t.Context(), p, all); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"onprem_guacamole_connection_group": "`CREATE_CONNECTION_GROUP`",
		"onprem_metallb_bgp_peer":           "apiGroups: [metallb.io]\n    resources: [bgppeers]\n    verbs: [get, list, create, patch, delete]",
	} {
		if _, text, _ := strings.Cut(all.ResourceSchemas[name].Block.Description, rightsHeading); !strings.Contains(text, want) {
			t.Errorf("rights of %s: got %q, want %q", name, text, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "README.md")
	all := &tfjson.ProviderSchema{
		ResourceSchemas:   map[string]*tfjson.Schema{"onprem_kong_route": nil},
		DataSourceSchemas: map[string]*tfjson.Schema{"onprem_kong_route": nil, "onprem_kong_routes": nil, "onprem_kong_plugins": nil},
		ActionSchemas:     map[string]*tfjson.ActionSchema{"onprem_calico_a": nil, "onprem_calico_b": nil},
	}
	if err := os.WriteFile(file, []byte("before\n"+tableBegins+"old\n"+tableEnds+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeTable(file, all); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"before\n" + tableBegins + "| System |",
		"| Kong 3.9 | [`kong_route`](docs/resources/kong_route.md) | data source [`kong_plugins`](docs/data-sources/kong_plugins.md) |\n" + tableEnds + "after\n",
		"| Calico 3.28+ |  | actions [`calico_a`](docs/actions/calico_a.md), [`calico_b`](docs/actions/calico_b.md) |\n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("want %q in\n%s", want, text)
		}
	}
	all.ResourceSchemas["onprem_gitlab_project"] = nil
	if err := writeTable(file, all); err == nil || !strings.Contains(err.Error(), "add their system") {
		t.Errorf("an unknown system: got %v", err)
	}
}

// TestTested: the index has its versions from where the README has them, and the
// schemas name none.
func TestTested(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "index.md.tmpl")
	if err := os.WriteFile(file, []byte("before\n"+testedBegins+"old\n"+testedEnds+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeTested(file); err != nil {
		t.Fatal(err)
	}
	written := string(read(t, file))
	for _, s := range systems {
		if s.versions != "" && !strings.Contains(written, s.title+" "+s.versions) {
			t.Errorf("lacks %s %s in\n%s", s.title, s.versions, written)
		}
	}
	_, want, _ := strings.Cut(written, testedBegins)
	want, _, _ = strings.Cut(want, testedEnds)
	if index := string(read(t, filepath.Join(root, "templates/index.md.tmpl"))); !strings.Contains(index, want) {
		t.Errorf("the index does not say %q: run make generate", want)
	}
	all, err := schemas(t.Context(), providerserver.NewProtocol6(provider.New("test")())())
	if err != nil {
		t.Fatal(err)
	}
	versions := regexp.MustCompile(`\b(tested|supported)\b`)
	for name, block := range all.ConfigSchema.Block.Attributes {
		if versions.MatchString(block.Description) {
			t.Errorf("the block %s says itself what is tested, beside the index: %s", name, block.Description)
		}
	}
}

func TestMissingExamples(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := map[string]*tfjson.SchemaAttribute{"namespace": {Optional: true, AttributeType: cty.String}, "uid": {Computed: true, AttributeType: cty.String}}
	label := &tfjson.Schema{Block: &tfjson.SchemaBlock{Attributes: name}}
	all := &tfjson.ProviderSchema{
		ResourceSchemas:     map[string]*tfjson.Schema{"onprem_harbor_label": label},
		DataSourceSchemas:   map[string]*tfjson.Schema{"onprem_harbor_label": label, "onprem_harbor_labels": label, "onprem_harbor_others": label},
		ListResourceSchemas: map[string]*tfjson.Schema{"onprem_harbor_label": label},
		ResourceIdentitySchemas: map[string]*tfjson.IdentitySchema{"onprem_harbor_label": {Attributes: map[string]*tfjson.IdentityAttribute{
			"id": {IdentityType: cty.Number}, "project": {IdentityType: cty.String},
		}}},
	}
	if err := writeMissingExamples(dir, all); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"resources/onprem_harbor_label/import-by-identity.tf": "import {\n  to = onprem_harbor_label.this\n  identity = {\n    id      = 1\n    project = \"project\"\n  }\n}\n",
		"list-resources/onprem_harbor_label/list-resource.tfquery.hcl": "list \"onprem_harbor_label\" \"all\" {\n  provider = onprem\n\n" +
			"  config {\n    namespace = \"namespace\"\n  }\n}\n",
		"data-sources/onprem_harbor_labels/data-source.tf": "data \"onprem_harbor_labels\" \"all\" {\n  namespace = \"namespace\"\n}\n\n" +
			"output \"labels\" {\n  value = data.onprem_harbor_labels.all.labels\n}\n",
	} {
		file = filepath.Join(dir, file)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != want {
			t.Errorf("%s: got\n%swant\n%s", file, text, want)
		}
		if err := os.WriteFile(file, []byte("better\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "data-sources", "onprem_harbor_others")); err == nil {
		t.Error("a data source that is of no resource has an example of its own, which nobody can guess")
	}
	if err := writeMissingExamples(dir, all); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(dir, "data-sources/onprem_harbor_labels/data-source.tf")); err != nil || string(text) != "better\n" {
		t.Errorf("an example that somebody wrote is now %q (%v)", text, err)
	}
}
