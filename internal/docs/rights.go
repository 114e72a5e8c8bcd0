package main

import (
	"context"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// rightsHeading stands between a resource's description and its rights, which
// reach the generator's templates in one text; they take it apart.
const rightsHeading = "\n\n## Rights\n\n"

// addRights puts the rights that it needs into the description of every resource.
func addRights(ctx context.Context, p provider.Provider, all *tfjson.ProviderSchema) error {
	for _, newResource := range p.Resources(ctx) {
		r := newResource()
		var meta resource.MetadataResponse
		r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: "onprem"}, &meta)
		needs, ok := r.(interface{ Rights() string })
		if !ok || needs.Rights() == "" {
			return fmt.Errorf("nothing says what rights %s needs: set Rights in its spec", meta.TypeName)
		}
		all.ResourceSchemas[meta.TypeName].Block.Description += rightsHeading + needs.Rights()
	}
	return nil
}
