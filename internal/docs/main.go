// Command docs writes what the docs generator cannot find out: the provider's
// schemas, with the rights that each resource needs, the README's table of what
// there is, examples that follow from the schemas, and the release that texts
// name. It asks the provider itself, so the docs do not depend on which tool is
// installed: Terraform before 1.12 and OpenTofu leave the identities out.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

func main() {
	schema := flag.String("schema", "", "file to write the schemas to")
	readme := flag.String("readme", "", "file whose table to write anew")
	examples := flag.String("examples", "", "directory to write missing examples to")
	index := flag.String("index", "", "template of the index, whose versions to write anew")
	versions := flag.String("versions", "", "root of the repository, whose texts are to name the newest release")
	flag.Parse()
	if err := run(context.Background(), *schema, *readme, *index, *examples, *versions); err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, schema, readme, index, examples, versions string) error {
	if versions != "" {
		if err := writeVersions(versions); err != nil {
			return err
		}
	}
	p := provider.New("docs")()
	all, err := schemas(ctx, providerserver.NewProtocol6(p)())
	if err != nil {
		return err
	}
	if err := writeTable(readme, all); err != nil {
		return err
	}
	if index != "" {
		if err := writeTested(index); err != nil {
			return err
		}
	}
	if examples != "" {
		if err := writeMissingExamples(examples, all); err != nil {
			return err
		}
	}
	if err := addRights(ctx, p, all); err != nil {
		return err
	}
	return writeSchemas(schema, all)
}
