package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclwrite"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/zclconf/go-cty/cty"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// writeMissingExamples writes those examples that follow from the schemas, where
// nobody has written a better one: how to import by identity, how to list, and
// how to read all objects of a kind.
func writeMissingExamples(dir string, all *tfjson.ProviderSchema) error {
	for name, identity := range all.ResourceIdentitySchemas {
		if err := writeMissing(filepath.Join(dir, "resources", name, "import-by-identity.tf"), importExample(name, identity)); err != nil {
			return err
		}
	}
	for name, list := range all.ListResourceSchemas {
		if err := writeMissing(filepath.Join(dir, "list-resources", name, "list-resource.tfquery.hcl"), listExample(name, list.Block)); err != nil {
			return err
		}
	}
	for resource := range all.ResourceSchemas {
		name := crud.Plural(resource)
		data, ok := all.DataSourceSchemas[name]
		if !ok {
			continue
		}
		if err := writeMissing(filepath.Join(dir, "data-sources", name, "data-source.tf"), pluralExample(name, data.Block)); err != nil {
			return err
		}
	}
	return nil
}

func writeMissing(file, text string) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, hclwrite.Format([]byte(text)), 0o644)
}

func importExample(name string, identity *tfjson.IdentitySchema) string {
	var lines []string
	for _, attribute := range slices.Sorted(maps.Keys(identity.Attributes)) {
		lines = append(lines, fmt.Sprintf("    %s = %s\n", attribute, sample(attribute, identity.Attributes[attribute].IdentityType)))
	}
	return fmt.Sprintf("import {\n  to = %s.this\n  identity = {\n%s  }\n}\n", name, strings.Join(lines, ""))
}

func listExample(name string, block *tfjson.SchemaBlock) string {
	config := ""
	if narrowing := configured(block, "    "); narrowing != "" {
		config = "\n  config {\n" + narrowing + "  }\n"
	}
	return fmt.Sprintf("list %q \"all\" {\n  provider = onprem\n%s}\n", name, config)
}

func pluralExample(name string, block *tfjson.SchemaBlock) string {
	what := strings.SplitN(name, "_", 3)[2]
	narrowing := configured(block, "  ")
	if narrowing != "" {
		narrowing = "\n" + narrowing
	}
	return fmt.Sprintf("data %q \"all\" {%s}\n\noutput %q {\n  value = data.%s.all.%s\n}\n", name, narrowing, what, name, what)
}

// configured sets every attribute that can be set.
func configured(block *tfjson.SchemaBlock, indent string) string {
	lines := ""
	for _, name := range slices.Sorted(maps.Keys(block.Attributes)) {
		if a := block.Attributes[name]; a.Optional || a.Required {
			lines += fmt.Sprintf("%s%s = %s\n", indent, name, sample(name, a.AttributeType))
		}
	}
	return lines
}

func sample(name string, typ cty.Type) string {
	if typ == cty.Number {
		return "1"
	}
	return fmt.Sprintf("%q", strings.ReplaceAll(name, "_", "-"))
}
