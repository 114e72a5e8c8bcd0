package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	rschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

const root = "../.."

// TestLawsOfTheProvider: the block's schema is valid and described.
func TestLawsOfTheProvider(t *testing.T) {
	t.Parallel()
	var resp provider.SchemaResponse
	New("test")().Schema(t.Context(), provider.SchemaRequest{}, &resp)
	if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
		t.Error(diags)
	}
	if resp.Schema.MarkdownDescription == "" {
		t.Error("the provider has no description")
	}
	for name, a := range resp.Schema.Attributes {
		walk(name, attribute{a}, func(p string, a attribute) { checkAttribute(t, p, a) })
	}
}

// TestLawsOfResources walks every resource the provider offers.
func TestLawsOfResources(t *testing.T) {
	t.Parallel()
	for _, newResource := range New("test")().Resources(t.Context()) {
		r := newResource()
		name := resourceName(t.Context(), r)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var resp resource.SchemaResponse
			r.Schema(t.Context(), resource.SchemaRequest{}, &resp)
			if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
				t.Error(diags)
			}
			if resp.Schema.MarkdownDescription == "" {
				t.Error("no description")
			}
			for attr, a := range resp.Schema.Attributes {
				walk(attr, attribute{a}, func(p string, a attribute) { checkAttribute(t, p, a) })
			}
			checkNames(t, name, attributesOf(resp.Schema.Attributes))
			checkWriteOnly(t, resp.Schema)
			checkIdentity(t, r, resp.Schema)
			checkFiles(t,
				filepath.Join("examples", "resources", name, "resource.tf"),
				filepath.Join("examples", "resources", name, "import.sh"),
				filepath.Join("examples", "resources", name, "import-by-identity.tf"),
				filepath.Join("docs", "resources", strings.TrimPrefix(name, "onprem_")+".md"))
		})
	}
}

// TestLawsOfDataSources walks every data source the provider offers.
func TestLawsOfDataSources(t *testing.T) {
	t.Parallel()
	for _, newDataSource := range New("test")().DataSources(t.Context()) {
		d := newDataSource()
		var meta datasource.MetadataResponse
		d.Metadata(t.Context(), datasource.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
		t.Run(meta.TypeName, func(t *testing.T) {
			t.Parallel()
			var resp datasource.SchemaResponse
			d.Schema(t.Context(), datasource.SchemaRequest{}, &resp)
			if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
				t.Error(diags)
			}
			if resp.Schema.MarkdownDescription == "" {
				t.Error("no description")
			}
			for attr, a := range resp.Schema.Attributes {
				walk(attr, attribute{a}, func(p string, a attribute) { checkAttribute(t, p, a) })
			}
			checkNames(t, meta.TypeName, attributesOf(resp.Schema.Attributes))
			checkFiles(t,
				filepath.Join("examples", "data-sources", meta.TypeName, "data-source.tf"),
				filepath.Join("docs", "data-sources", strings.TrimPrefix(meta.TypeName, "onprem_")+".md"))
		})
	}
}

// TestLawsOfEphemeralResources walks every ephemeral resource the provider
// offers.
func TestLawsOfEphemeralResources(t *testing.T) {
	t.Parallel()
	offered, _ := New("test")().(provider.ProviderWithEphemeralResources)
	for _, newEphemeral := range offered.EphemeralResources(t.Context()) {
		e := newEphemeral()
		var meta ephemeral.MetadataResponse
		e.Metadata(t.Context(), ephemeral.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
		var resp ephemeral.SchemaResponse
		e.Schema(t.Context(), ephemeral.SchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
			t.Error(diags)
		}
		checkEntity(t, meta.TypeName, resp.Schema.MarkdownDescription, attributesOf(resp.Schema.Attributes))
		checkFiles(t,
			filepath.Join("examples", "ephemeral-resources", meta.TypeName, "ephemeral-resource.tf"),
			filepath.Join("docs", "ephemeral-resources", strings.TrimPrefix(meta.TypeName, "onprem_")+".md"))
	}
}

// TestLawsOfActions walks every action the provider offers.
func TestLawsOfActions(t *testing.T) {
	t.Parallel()
	offered, _ := New("test")().(provider.ProviderWithActions)
	for _, newAction := range offered.Actions(t.Context()) {
		a := newAction()
		var meta action.MetadataResponse
		a.Metadata(t.Context(), action.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
		var resp action.SchemaResponse
		a.Schema(t.Context(), action.SchemaRequest{}, &resp)
		if diags := resp.Schema.ValidateImplementation(t.Context()); diags.HasError() {
			t.Error(diags)
		}
		checkEntity(t, meta.TypeName, resp.Schema.MarkdownDescription, attributesOf(resp.Schema.Attributes))
		checkFiles(t,
			filepath.Join("examples", "actions", meta.TypeName, "action.tf"),
			filepath.Join("docs", "actions", strings.TrimPrefix(meta.TypeName, "onprem_")+".md"))
	}
}

// checkEntity: what holds for everything that has a schema.
func checkEntity(t *testing.T, name, description string, attributes map[string]attribute) {
	t.Helper()
	if description == "" {
		t.Errorf("%s has no description", name)
	}
	for attr, a := range attributes {
		walk(name+"."+attr, a, func(p string, a attribute) { checkAttribute(t, p, a) })
	}
	checkNames(t, name, attributes)
}

// TestTypeNames: onprem_<system>_<object>, each once.
func TestTypeNames(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^onprem_(kubernetes|calico|metallb|kubevirt|harbor|guacamole|kong)(_[a-z][a-z0-9]*)+$`)
	var seen []string
	for _, newResource := range New("test")().Resources(t.Context()) {
		name := resourceName(t.Context(), newResource())
		if !form.MatchString(name) || slices.Contains(seen, name) {
			t.Errorf("%s is no good name for a resource, or there twice", name)
		}
		seen = append(seen, name)
	}
	if len(seen) == 0 {
		t.Error("the provider offers nothing")
	}
}

func resourceName(ctx context.Context, r resource.Resource) string {
	var meta resource.MetadataResponse
	r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
	return meta.TypeName
}

// attribute is what attributes of the provider, resources and data sources
// have in common.
type attribute struct{ schema schemaAttribute }

func (a attribute) writeOnly() bool {
	w, ok := a.schema.(interface{ IsWriteOnly() bool })
	return ok && w.IsWriteOnly()
}

// nested returns the attributes of the object, or of the elements, that a is.
func (a attribute) nested() map[string]attribute {
	found := map[string]attribute{}
	add := func(name string, s any) {
		if described, ok := s.(schemaAttribute); ok {
			found[name] = attribute{described}
		}
	}
	// The interface is one and the same for resources and data sources.
	if s, ok := a.schema.(rschema.NestedAttribute); ok {
		for name, n := range s.GetNestedObject().GetAttributes() {
			add(name, n)
		}
	}
	return found
}

// walk visits an attribute and all below it.
func walk(path string, a attribute, visit func(string, attribute)) {
	visit(path, a)
	for name, n := range a.nested() {
		walk(path+"."+name, n, visit)
	}
}

var (
	secretName = regexp.MustCompile(`(^|_)(password|passphrase|secret|token|private_key|client_key|key_pem|credential)s?(_wo)?$`)
	// notSecret are attributes that only sound like secrets.
	notSecret = map[string]string{
		"password_secret":           "names the Kubernetes Secret that holds the password",
		"node_mesh_password_secret": "the same",
	}
)

// checkAttribute: described, in sentences, and secret when it sounds like it.
func checkAttribute(t *testing.T, path string, a attribute) {
	t.Helper()
	description := a.schema.GetMarkdownDescription()
	if description == "" {
		description = a.schema.GetDescription() // all that the timeouts library has
	}
	if !strings.HasSuffix(strings.TrimSpace(description), ".") {
		t.Errorf("%s: the description %q is no sentence", path, description)
	}
	name := path[strings.LastIndex(path, ".")+1:]
	if _, known := notSecret[name]; secretName.MatchString(name) && !known && !a.schema.IsSensitive() && !a.writeOnly() {
		t.Errorf("%s sounds like a secret and is neither sensitive nor write-only", path)
	}
}

// checkWriteOnly: every write-only attribute has a version beside it, and every
// secret a write-only form.
func checkWriteOnly(t *testing.T, s rschema.Schema) {
	t.Helper()
	var check func(path string, siblings map[string]attribute)
	check = func(path string, siblings map[string]attribute) {
		for name, a := range siblings {
			if a.writeOnly() {
				if _, ok := siblings[name+"_version"]; !ok {
					t.Errorf("%s%s is write-only and has no %s_version beside it", path, name, name)
				}
			}
			if a.schema.IsSensitive() && !a.writeOnly() && !(a.schema.IsComputed() && !a.schema.IsOptional()) {
				if _, ok := siblings[name+"_wo"]; !ok {
					t.Errorf("%s%s is a secret without a write-only form", path, name)
				}
			}
			check(path+name+".", a.nested())
		}
	}
	check("", attributesOf(s.Attributes))
}

func checkIdentity(t *testing.T, r resource.Resource, s rschema.Schema) {
	t.Helper()
	if _, ok := r.(resource.ResourceWithImportState); !ok {
		t.Error("cannot be imported")
	}
	identified, ok := r.(resource.ResourceWithIdentity)
	if !ok {
		t.Fatal("has no identity")
	}
	var resp resource.IdentitySchemaResponse
	identified.IdentitySchema(t.Context(), resource.IdentitySchemaRequest{}, &resp)
	if len(resp.IdentitySchema.Attributes) == 0 {
		t.Error("the identity is empty")
	}
	for name := range resp.IdentitySchema.Attributes {
		if _, ok := s.Attributes[name]; !ok {
			t.Errorf("the identity has %s, the resource does not", name)
		}
	}
}

func checkFiles(t *testing.T, files ...string) {
	t.Helper()
	for _, f := range files {
		if info, err := os.Stat(filepath.Join(root, f)); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing", f)
		}
	}
}

// schemaAttribute is an attribute of any kind of schema: the framework's
// interfaces have different names and are the same.
type schemaAttribute interface {
	GetDescription() string
	GetMarkdownDescription() string
	IsSensitive() bool
	IsRequired() bool
	IsOptional() bool
	IsComputed() bool
}

func attributesOf[A schemaAttribute](attributes map[string]A) map[string]attribute {
	all := map[string]attribute{}
	for name, a := range attributes {
		all[name] = attribute{a}
	}
	return all
}

// checkNames: an attribute is named as its system names it, in snake case, or
// says in its description what the system calls it.
func checkNames(t *testing.T, typeName string, attributes map[string]attribute) {
	t.Helper()
	system := strings.Split(typeName, "_")[1]
	known, err := vocabulary(system)
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range attributes {
		walk(name, a, func(path string, a attribute) {
			word := path[strings.LastIndex(path, ".")+1:]
			word = strings.TrimSuffix(strings.TrimSuffix(word, "_version"), "_wo")
			reference := strings.TrimSuffix(word, "_id") // src_registry_id is the id in src_registry
			if strings.HasSuffix(typeName, "_"+word) {
				return // all objects of a kind, which the type is called after
			}
			if known[word] || known[reference] || ours[word] != "" || note.MatchString(a.schema.GetMarkdownDescription()) {
				return
			}
			t.Errorf("%s: %s has no word %q; name it as the system does, or say in the description what the system calls it", path, system, word)
		})
	}
}

// note says what the system calls an attribute that is named differently here.
var note = regexp.MustCompile("(?i)calls (it|this|them) `")

// ours are names that this provider adds to every system.
var ours = map[string]string{
	"timeouts":       "how long operations may take",
	"create":         "a timeout",
	"update":         "a timeout",
	"delete":         "a timeout",
	"take_ownership": "what to do about fields of other managers",
	"force_destroy":  "whether to delete what is not empty",
	"id":             "the system's identifier",
	"with_address":   "which of the found objects to return",
	"ca_certificate": "a registry's, since Harbor 2.15.2; newer than what was recorded",

	// Of clusters: the way to their machines, and how the work is done and told.
	"bastion":                "a machine to go through",
	"host_key":               "what a machine must show",
	"private_key_file":       "what it is shown",
	"manage_packages":        "whether anything is installed",
	"packages":               "where from",
	"repository":             "of packages",
	"repository_key":         "its signing key",
	"archive":                "instead of a repository",
	"archive_sha256":         "its hash",
	"worker_batch_size":      "of upgrades",
	"drain_timeout":          "a timeout",
	"ready_timeout":          "a timeout",
	"timeout":                "the same, of an action",
	"deletion_protection":    "whether to refuse to destroy",
	"store_kubeconfig":       "whether state may have a secret",
	"progress_file":          "what is told while the work goes on",
	"snapshot_dir":           "where etcd is saved",
	"node_status":            "what was last seen",
	"etcd_member":            "the same",
	"etcd_members":           "the same",
	"virtual_ip_holder":      "the same",
	"certificates_expire_at": "a time",
	"expires_at":             "a time",
}

// vocabulary returns the words of a system, in snake case.
func vocabulary(system string) (map[string]bool, error) {
	sources := map[string][]string{
		"harbor":    {"internal/harbor/harborsim/testdata/*.json", "internal/harbor/harborsim/testdata/*/*.json"},
		"kong":      {"internal/kong/kongsim/testdata/*.json"},
		"guacamole": {"internal/guacamole/protocols/*.json", "internal/guacamole/guacsim/*.go"},
		"calico":    {".tools/crds/*.yaml"},
		"metallb":   {".tools/crds/*.yaml"},
		"kubevirt":  {".tools/crds/*.yaml"},
		// The documents that kubeadm reads and Kubernetes answers with.
		"kubernetes": {"internal/cluster/kubeadm/testdata/*", "internal/cluster/kubeadm/*.go"},
	}
	words := map[string]bool{}
	for _, pattern := range sources[system] {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				return nil, err
			}
			for _, w := range word.FindAllString(string(text), -1) {
				words[snake(w)] = true
			}
		}
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("no words of %s found; `make tools-test` fetches the definitions of the Kubernetes objects", system)
	}
	return words, nil
}

var (
	word  = regexp.MustCompile(`[A-Za-z][A-Za-z0-9_-]*`)
	hump  = regexp.MustCompile(`([a-z0-9])([A-Z])`)
	humps = regexp.MustCompile(`([A-Z]+)([A-Z][a-z])`)
)

// snake turns peerIP, CIDRBlock and color-scheme into peer_ip, cidr_block and
// color_scheme.
func snake(s string) string {
	s = strings.ReplaceAll(s, "-", "_")
	s = humps.ReplaceAllString(s, "${1}_${2}")
	return strings.ToLower(hump.ReplaceAllString(s, "${1}_${2}"))
}

func TestSnake(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"peerIP": "peer_ip", "asNumber": "as_number", "localASNumber": "local_as_number", "numAllowedLocalASNumbers": "num_allowed_local_as_numbers",
		"color-scheme": "color_scheme", "strip_path": "strip_path", "ttlSecurity": "ttl_security", "ipipMode": "ipip_mode",
	} {
		if got := snake(in); got != want {
			t.Errorf("snake(%q) = %q, want %q", in, got, want)
		}
	}
}
