// Command schemajson prints the provider's schemas as `terraform providers
// schema -json` does, for the docs generator. It asks the provider itself, so
// the docs do not depend on which tool is installed: Terraform before 1.12 and
// OpenTofu leave the identities out.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
)

// source is the name under which the docs generator looks for a provider when
// it is told nothing but "onprem".
const source = "registry.terraform.io/hashicorp/onprem"

func main() {
	out, err := schemas(context.Background(), providerserver.NewProtocol6(provider.New("docs")())())
	if err == nil {
		_, err = os.Stdout.Write(out)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemajson:", err)
		os.Exit(1)
	}
}

// object is a JSON object. Its keys are printed in order, so the same schemas
// give the same bytes.
type object map[string]any

func schemas(ctx context.Context, server tfprotov6.ProviderServer) ([]byte, error) {
	all, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	if err := firstError(append(all.Diagnostics, identities.Diagnostics...)); err != nil {
		return nil, err
	}
	if len(all.Functions) > 0 {
		return nil, errors.New("functions are not printed yet")
	}
	document := object{
		"format_version": "1.0",
		"provider_schemas": object{source: object{
			"provider":                   schema(all.Provider),
			"resource_schemas":           each(all.ResourceSchemas, schema),
			"data_source_schemas":        each(all.DataSourceSchemas, schema),
			"ephemeral_resource_schemas": each(all.EphemeralResourceSchemas, schema),
			"list_resource_schemas":      each(all.ListResourceSchemas, schema),
			"action_schemas":             each(all.ActionSchemas, action),
			"resource_identity_schemas":  each(identities.IdentitySchemas, identity),
		}},
	}
	out, err := json.MarshalIndent(document, "", "  ")
	return append(out, '\n'), err
}

func firstError(diags []*tfprotov6.Diagnostic) error {
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	return nil
}

func each[S, T any](in map[string]S, convert func(S) T) object {
	out := object{}
	for name, s := range in {
		out[name] = convert(s)
	}
	return out
}

func schema(s *tfprotov6.Schema) object {
	return object{"version": s.Version, "block": block(s.Block)}
}

func action(a *tfprotov6.ActionSchema) object {
	return object{"block": block(a.Schema.Block)}
}

func identity(s *tfprotov6.ResourceIdentitySchema) object {
	out := object{}
	for _, a := range s.IdentityAttributes {
		out[a.Name] = object{
			"type": typeJSON(a.Type), "description": a.Description,
			"required_for_import": a.RequiredForImport, "optional_for_import": a.OptionalForImport,
		}
	}
	return object{"version": s.Version, "attributes": out}
}

func block(b *tfprotov6.SchemaBlock) object {
	nested := object{}
	for _, n := range b.BlockTypes {
		nested[n.TypeName] = object{
			"nesting_mode": blockModes[n.Nesting], "block": block(n.Block),
			"min_items": n.MinItems, "max_items": n.MaxItems,
		}
	}
	return object{
		"attributes": attributes(b.Attributes), "block_types": nested, "deprecated": b.Deprecated,
		"description": b.Description, "description_kind": kind(b.DescriptionKind),
	}
}

func attributes(list []*tfprotov6.SchemaAttribute) object {
	out := object{}
	for _, a := range list {
		o := object{
			"description": a.Description, "description_kind": kind(a.DescriptionKind), "deprecated": a.Deprecated,
			"required": a.Required, "optional": a.Optional, "computed": a.Computed,
			"sensitive": a.Sensitive, "write_only": a.WriteOnly,
		}
		if a.NestedType != nil {
			o["nested_type"] = object{
				"attributes": attributes(a.NestedType.Attributes), "nesting_mode": objectModes[a.NestedType.Nesting],
			}
		} else {
			o["type"] = typeJSON(a.Type)
		}
		out[a.Name] = o
	}
	return out
}

func kind(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

var blockModes = map[tfprotov6.SchemaNestedBlockNestingMode]string{
	tfprotov6.SchemaNestedBlockNestingModeSingle: "single",
	tfprotov6.SchemaNestedBlockNestingModeList:   "list",
	tfprotov6.SchemaNestedBlockNestingModeSet:    "set",
	tfprotov6.SchemaNestedBlockNestingModeMap:    "map",
	tfprotov6.SchemaNestedBlockNestingModeGroup:  "group",
}

var objectModes = map[tfprotov6.SchemaObjectNestingMode]string{
	tfprotov6.SchemaObjectNestingModeSingle: "single",
	tfprotov6.SchemaObjectNestingModeList:   "list",
	tfprotov6.SchemaObjectNestingModeSet:    "set",
	tfprotov6.SchemaObjectNestingModeMap:    "map",
}

// typeJSON spells a type as Terraform does: "string", ["map","string"],
// ["object",{"a":"bool"}].
func typeJSON(t tftypes.Type) any {
	switch t := t.(type) {
	case tftypes.List:
		return []any{"list", typeJSON(t.ElementType)}
	case tftypes.Set:
		return []any{"set", typeJSON(t.ElementType)}
	case tftypes.Map:
		return []any{"map", typeJSON(t.ElementType)}
	case tftypes.Object:
		return []any{"object", each(t.AttributeTypes, typeJSON)}
	}
	switch {
	case t.Is(tftypes.String):
		return "string"
	case t.Is(tftypes.Number):
		return "number"
	case t.Is(tftypes.Bool):
		return "bool"
	}
	return "dynamic"
}
