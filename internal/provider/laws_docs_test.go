package provider

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// maxExampleLines is how long an example may be.
const maxExampleLines = 30

// undocumented are entities whose examples do not show every attribute yet.
var undocumented = map[string]string{
	"resources/onprem_guacamole_connection": "240 parameters; its shape changes, and its examples with it",
	"resources/onprem_kubernetes_cluster":   "its guide is written anew, with its examples",
}

// TestEveryAttributeStandsInAnExample: who reads a page sees each attribute that
// can be set where it is used.
func TestEveryAttributeStandsInAnExample(t *testing.T) {
	t.Parallel()
	for _, e := range documented(t) {
		t.Run(e.dir(), func(t *testing.T) {
			t.Parallel()
			shown := map[string]bool{}
			for _, file := range e.examples(t) {
				e.collect(t, file, shown)
			}
			var missing []string
			all := e.configurable()
			for _, attribute := range all {
				if !shown[attribute] {
					missing = append(missing, attribute)
				}
			}
			if why, excepted := undocumented[e.dir()]; excepted {
				t.Logf("excepted: %d of %d attributes stand in no example: %s", len(missing), len(all), why)
				if len(missing) == 0 {
					t.Error("needs no exception any more")
				}
				return
			}
			if len(missing) > 0 {
				t.Errorf("%d of %d attributes stand in no example: %s", len(missing), len(all), strings.Join(missing, ", "))
			}
		})
	}
}

// TestExamplesAreShort: each is on its page, says what it shows where it has
// siblings, and is read at a glance.
func TestExamplesAreShort(t *testing.T) {
	t.Parallel()
	for _, e := range documented(t) {
		files := e.examples(t)
		if len(files) == 0 {
			t.Errorf("%s has no examples", e.dir())
		}
		for _, file := range files {
			text := read(t, file)
			if lines := bytes.Count(text, []byte("\n")); lines > maxExampleLines {
				t.Errorf("%s has %d lines, want at most %d: put what does not belong together into another %s_*", file, lines, maxExampleLines, e.file)
			}
			if len(files) > 1 && !strings.HasSuffix(leadingComment(text), ".") {
				t.Errorf("%s is one of several: it should begin with a comment, a sentence that says what it shows", file)
			}
		}
		others, err := filepath.Glob(filepath.Join(root, "examples", e.dir(), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range others {
			if !slices.Contains(files, file) && !strings.HasPrefix(filepath.Base(file), "import") {
				t.Errorf("%s is on no page: call it %s_*", file, e.file)
			}
		}
	}
}

// TestPages: every entity has a page; that of a resource says what rights the
// account needs, and the README names it.
func TestPages(t *testing.T) {
	t.Parallel()
	readme := read(t, filepath.Join(root, "README.md"))
	for _, e := range documented(t) {
		page := filepath.Join("docs", e.folder, strings.TrimPrefix(e.name, "onprem_")+".md")
		text := read(t, filepath.Join(root, page))
		if e.folder != "resources" {
			continue
		}
		if _, rights, ok := bytes.Cut(text, []byte("\n## Rights\n\n")); !ok || bytes.HasPrefix(rights, []byte("<!--")) {
			t.Errorf("%s says nothing of the rights the account needs: set Rights in its spec, and run make generate", page)
		}
		if !bytes.Contains(readme, []byte("("+page+")")) {
			t.Errorf("the README does not name %s: run make generate", e.name)
		}
	}
}

// TestFunctionsHavePages: and an example.
func TestFunctionsHavePages(t *testing.T) {
	t.Parallel()
	all, err := providerserver.NewProtocol6(New("test")())().GetFunctions(t.Context(), &tfprotov6.GetFunctionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Functions) == 0 {
		t.Log("the provider has no functions")
	}
	for name := range all.Functions {
		checkFiles(t, filepath.Join("examples", "functions", name, "function.tf"), filepath.Join("docs", "functions", name+".md"))
	}
}

// leadingComment is what an example says before it begins.
func leadingComment(text []byte) string {
	var said []string
	for line := range strings.Lines(string(text)) {
		comment, ok := strings.CutPrefix(line, "# ")
		if !ok {
			break
		}
		said = append(said, strings.TrimSpace(comment))
	}
	return strings.Join(said, " ")
}

// entity is one page of the documentation, with examples in a folder of the
// same kind.
type entity struct {
	folder, file, block, name string
	schema                    *tfprotov6.SchemaBlock
	config                    bool // what is configured stands in a block "config"
}

// documented are all pages but the index and the guides.
func documented(t *testing.T) []entity {
	t.Helper()
	all, err := providerserver.NewProtocol6(New("test")())().GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var found []entity
	add := func(like entity, schemas map[string]*tfprotov6.Schema) {
		for _, name := range slices.Sorted(maps.Keys(schemas)) {
			like.name, like.schema = name, schemas[name].Block
			found = append(found, like)
		}
	}
	actions := map[string]*tfprotov6.Schema{}
	for name, a := range all.ActionSchemas {
		actions[name] = a.Schema
	}
	add(entity{folder: "resources", file: "resource", block: "resource"}, all.ResourceSchemas)
	add(entity{folder: "data-sources", file: "data-source", block: "data"}, all.DataSourceSchemas)
	add(entity{folder: "ephemeral-resources", file: "ephemeral-resource", block: "ephemeral"}, all.EphemeralResourceSchemas)
	add(entity{folder: "actions", file: "action", block: "action", config: true}, actions)
	add(entity{folder: "list-resources", file: "list-resource", block: "list", config: true}, all.ListResourceSchemas)
	if len(found) == 0 {
		t.Fatal("the provider offers nothing")
	}
	return found
}

func (e entity) dir() string { return e.folder + "/" + e.name }

// examples are the files that its page shows.
func (e entity) examples(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, extension := range []string{".tf", ".tfquery.hcl"} {
		files, err := filepath.Glob(filepath.Join(root, "examples", e.dir(), e.file+"*"+extension))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, files...)
	}
	return found
}

// configurable are the paths of the attributes that a configuration can set.
func (e entity) configurable() []string {
	var found []string
	var walk func(prefix string, attributes []*tfprotov6.SchemaAttribute)
	walk = func(prefix string, attributes []*tfprotov6.SchemaAttribute) {
		for _, a := range attributes {
			if !a.Required && !a.Optional {
				continue
			}
			found = append(found, prefix+a.Name)
			if a.NestedType != nil {
				walk(prefix+a.Name+".", a.NestedType.Attributes)
			}
		}
	}
	var blocks func(prefix string, b *tfprotov6.SchemaBlock)
	blocks = func(prefix string, b *tfprotov6.SchemaBlock) {
		walk(prefix, b.Attributes)
		for _, nested := range b.BlockTypes {
			blocks(prefix+nested.TypeName+".", nested.Block)
		}
	}
	blocks("", e.schema)
	slices.Sort(found)
	return found
}

// collect adds the paths that the blocks of an example set.
func (e entity) collect(t *testing.T, file string, shown map[string]bool) {
	t.Helper()
	parsed, diags := hclsyntax.ParseConfig(read(t, file), file, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	for _, b := range parsed.Body.(*hclsyntax.Body).Blocks { // by the parser
		if b.Type != e.block || b.Labels[0] != e.name {
			continue
		}
		if !e.config {
			collectBody(b.Body, "", shown)
			continue
		}
		for _, config := range b.Body.Blocks {
			collectBody(config.Body, "", shown)
		}
	}
}

func collectBody(body *hclsyntax.Body, prefix string, shown map[string]bool) {
	for name, a := range body.Attributes {
		shown[prefix+name] = true
		collectExpression(a.Expr, prefix+name+".", shown)
	}
	for _, b := range body.Blocks {
		shown[prefix+b.Type] = true
		collectBody(b.Body, prefix+b.Type+".", shown)
	}
}

// collectExpression adds the keys of every object in a value, as they stand
// below the attribute: of an object, of the elements of a list, of what a for
// expression or a function makes. Keys of maps are in it too, and match nothing.
func collectExpression(e hclsyntax.Expression, prefix string, shown map[string]bool) {
	switch e := e.(type) {
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			key := hcl.ExprAsKeyword(item.KeyExpr)
			shown[prefix+key] = true
			collectExpression(item.ValueExpr, prefix+key+".", shown)
			collectExpression(item.ValueExpr, prefix, shown) // the elements of a map
		}
	case *hclsyntax.TupleConsExpr:
		for _, element := range e.Exprs {
			collectExpression(element, prefix, shown)
		}
	case *hclsyntax.ForExpr:
		collectExpression(e.ValExpr, prefix, shown)
	case *hclsyntax.FunctionCallExpr:
		for _, argument := range e.Args {
			collectExpression(argument, prefix, shown)
		}
	case *hclsyntax.ParenthesesExpr:
		collectExpression(e.Expression, prefix, shown)
	case *hclsyntax.ConditionalExpr:
		collectExpression(e.TrueResult, prefix, shown)
		collectExpression(e.FalseResult, prefix, shown)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
