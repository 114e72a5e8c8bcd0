package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

// source is the name under which the docs generator looks for a provider when
// it is told nothing but "onprem".
const source = "registry.terraform.io/hashicorp/onprem"

// writeSchemas writes them as `terraform providers schema -json` does.
func writeSchemas(file string, all *tfjson.ProviderSchema) error {
	text, err := json.MarshalIndent(tfjson.ProviderSchemas{
		FormatVersion: "1.0", Schemas: map[string]*tfjson.ProviderSchema{source: all},
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

func schemas(ctx context.Context, server tfprotov6.ProviderServer) (*tfjson.ProviderSchema, error) {
	all, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	return &tfjson.ProviderSchema{
		ConfigSchema:             schema(all.Provider),
		ResourceSchemas:          each(all.ResourceSchemas, schema),
		DataSourceSchemas:        each(all.DataSourceSchemas, schema),
		EphemeralResourceSchemas: each(all.EphemeralResourceSchemas, schema),
		ListResourceSchemas:      each(all.ListResourceSchemas, schema),
		ActionSchemas:            each(all.ActionSchemas, action),
		Functions:                each(all.Functions, function),
		ResourceIdentitySchemas:  each(identities.IdentitySchemas, identity),
	}, firstError(append(all.Diagnostics, identities.Diagnostics...))
}

func firstError(diags []*tfprotov6.Diagnostic) error {
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			return fmt.Errorf("%s: %s", d.Summary, d.Detail)
		}
	}
	return nil
}

func each[S, T any](in map[string]S, convert func(S) T) map[string]T {
	out := map[string]T{}
	for name, s := range in {
		out[name] = convert(s)
	}
	return out
}

func schema(s *tfprotov6.Schema) *tfjson.Schema {
	return &tfjson.Schema{Version: uint64(s.Version), Block: block(s.Block)}
}

func action(a *tfprotov6.ActionSchema) *tfjson.ActionSchema {
	return &tfjson.ActionSchema{Block: block(a.Schema.Block)}
}

func identity(s *tfprotov6.ResourceIdentitySchema) *tfjson.IdentitySchema {
	attributes := map[string]*tfjson.IdentityAttribute{}
	for _, a := range s.IdentityAttributes {
		attributes[a.Name] = &tfjson.IdentityAttribute{
			IdentityType: typeOf(a.Type), Description: a.Description,
			RequiredForImport: a.RequiredForImport, OptionalForImport: a.OptionalForImport,
		}
	}
	return &tfjson.IdentitySchema{Version: uint64(s.Version), Attributes: attributes}
}

func function(f *tfprotov6.Function) *tfjson.FunctionSignature {
	out := &tfjson.FunctionSignature{
		Description: f.Description, Summary: f.Summary, DeprecationMessage: f.DeprecationMessage, ReturnType: typeOf(f.Return.Type),
	}
	for _, p := range f.Parameters {
		out.Parameters = append(out.Parameters, parameter(p))
	}
	if f.VariadicParameter != nil {
		out.VariadicParameter = parameter(f.VariadicParameter)
	}
	return out
}

func parameter(p *tfprotov6.FunctionParameter) *tfjson.FunctionParameter {
	return &tfjson.FunctionParameter{Name: p.Name, Description: p.Description, IsNullable: p.AllowNullValue, Type: typeOf(p.Type)}
}

func block(b *tfprotov6.SchemaBlock) *tfjson.SchemaBlock {
	nested := map[string]*tfjson.SchemaBlockType{}
	for _, n := range b.BlockTypes {
		nested[n.TypeName] = &tfjson.SchemaBlockType{
			NestingMode: blockModes[n.Nesting], Block: block(n.Block), MinItems: uint64(n.MinItems), MaxItems: uint64(n.MaxItems),
		}
	}
	return &tfjson.SchemaBlock{
		Attributes: attributes(b.Attributes), NestedBlocks: nested, Deprecated: b.Deprecated,
		Description: b.Description, DescriptionKind: kind(b.DescriptionKind),
	}
}

func attributes(list []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	out := map[string]*tfjson.SchemaAttribute{}
	for _, a := range list {
		o := &tfjson.SchemaAttribute{
			Description: a.Description, DescriptionKind: kind(a.DescriptionKind), Deprecated: a.Deprecated,
			Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly,
		}
		if a.NestedType != nil {
			o.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				Attributes: attributes(a.NestedType.Attributes), NestingMode: objectModes[a.NestedType.Nesting],
			}
		} else {
			o.AttributeType = typeOf(a.Type)
		}
		out[a.Name] = o
	}
	return out
}

func kind(k tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if k == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}

var blockModes = map[tfprotov6.SchemaNestedBlockNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaNestedBlockNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaNestedBlockNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaNestedBlockNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaNestedBlockNestingModeMap:    tfjson.SchemaNestingModeMap,
	tfprotov6.SchemaNestedBlockNestingModeGroup:  tfjson.SchemaNestingModeGroup,
}

var objectModes = map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
	tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
	tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
	tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
	tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
}

func typeOf(t tftypes.Type) cty.Type {
	switch t := t.(type) {
	case tftypes.List:
		return cty.List(typeOf(t.ElementType))
	case tftypes.Set:
		return cty.Set(typeOf(t.ElementType))
	case tftypes.Map:
		return cty.Map(typeOf(t.ElementType))
	case tftypes.Object:
		return cty.Object(each(t.AttributeTypes, typeOf))
	}
	switch {
	case t.Is(tftypes.String):
		return cty.String
	case t.Is(tftypes.Number):
		return cty.Number
	case t.Is(tftypes.Bool):
		return cty.Bool
	}
	return cty.DynamicPseudoType
}
