package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/bench/schemacost"
	"github.com/onprem-tools/terraform-provider-onprem/internal/provider"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// schemaRow is what the schema of a resource costs: the CPU of a plan of n
// unchanged ones with the do-nothing provider, to the floor. A singleton is not
// measured.
type schemaRow struct {
	Resource    string  `json:"resource"`
	Attributes  int     `json:"attributes"`
	N           int     `json:"n"`
	Rule        float64 `json:"core_to_floor_by_rule"`
	CoreToFloor float64 `json:"core_to_floor"` // Terraform's without the provider's
	AllToFloor  float64 `json:"all_to_floor"`
	CoreCPU     float64 `json:"core_cpu_seconds"`
	Exception   string  `json:"exception"`
}

// measureSchemas measures every resource but singletons.
func measureSchemas(ctx context.Context, o options, root string) ([]schemaRow, error) {
	server := providerserver.NewProtocol6(provider.New("bench")())()
	all, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	floor, err := workspace.New(o.tool, filepath.Join(root, "floor"), o.idle, floorConfig(o.n))
	if err != nil {
		return nil, err
	}
	if _, err := apply(ctx, floor); err != nil {
		return nil, err
	}
	var rows []schemaRow
	for _, name := range slices.Sorted(maps.Keys(all.ResourceSchemas)) {
		if !o.wantsKind(strings.TrimPrefix(name, "onprem_")) {
			continue
		}
		row, err := measureSchema(ctx, o, floor, filepath.Join(root, name), name, all.ResourceSchemas[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func measureSchema(ctx context.Context, o options, floor *workspace.Workspace, dir, name string, s *tfprotov6.Schema) (schemaRow, error) {
	row := schemaRow{Resource: name, N: o.n}
	row.Attributes, row.Rule = schemacost.Of(s)
	if e, excepted := schemacost.Exceptions[name]; excepted {
		row.Exception = e.Why
		if e.Singleton {
			return row, nil // a thousand of it make no sense
		}
	}
	w, err := workspace.New(o.tool, dir, o.idle, "")
	if err != nil {
		return row, err
	}
	if err := writeObjects(w, name, s, o.n); err != nil {
		return row, err
	}
	var floors, costs []cost
	for range o.repeat {
		f, err := plan(ctx, floor)
		if err != nil {
			return row, err
		}
		c, err := plan(ctx, w)
		if err != nil {
			return row, err
		}
		floors, costs = append(floors, f), append(costs, c)
	}
	base := median(floors).cpu
	core := middle(costs, cost.core)
	row.CoreToFloor, row.AllToFloor, row.CoreCPU = ratio(core, base), ratio(median(costs).cpu, base), core.Seconds()
	progress("%s: %d attributes, Terraform alone %.2f × the floor, %.2f by the rule", name, row.Attributes, row.CoreToFloor, row.Rule)
	return row, nil
}

// usual is how many attributes an object has set.
const usual = 6

// writeObjects writes the configuration of n objects and their state, whatever
// their schema: the do-nothing provider believes everything.
func writeObjects(w *workspace.Workspace, resource string, s *tfprotov6.Schema, n int) error {
	values := object(s.Block.Attributes, usual)
	for _, a := range s.Block.Attributes {
		if a.Name == schemacost.Exceptions[resource].Uses {
			values[a.Name] = value(a)
		}
	}
	var config strings.Builder
	fmt.Fprintf(&config, "resource %q \"this\" {\n  count = %d\n", resource, n)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if values[name] == nil {
			continue
		}
		text, err := json.Marshal(values[name]) // JSON is HCL, and its texts are templates
		if err != nil {
			return err
		}
		fmt.Fprintf(&config, "  %s = %s\n", name, text)
	}
	config.WriteString("}\n")
	if err := w.Write(config.String()); err != nil {
		return err
	}

	for _, b := range s.Block.BlockTypes {
		switch b.Nesting {
		case tfprotov6.SchemaNestedBlockNestingModeList, tfprotov6.SchemaNestedBlockNestingModeSet:
			values[b.TypeName] = []any{}
		case tfprotov6.SchemaNestedBlockNestingModeMap:
			values[b.TypeName] = map[string]any{}
		default:
			values[b.TypeName] = nil
		}
	}
	attributes, err := json.Marshal(values)
	if err != nil {
		return err
	}
	instances := make([]map[string]any, n)
	for i := range instances {
		instances[i] = map[string]any{
			"index_key": i, "schema_version": s.Version, "sensitive_attributes": []any{},
			"attributes": json.RawMessage(strings.ReplaceAll(string(attributes), index, strconv.Itoa(i))),
		}
	}
	state, err := json.Marshal(map[string]any{
		"version": 4, "terraform_version": "1.11.0", "serial": 1, "lineage": "5b1b3b0e-0000-4000-8000-000000000000", "outputs": map[string]any{}, "check_results": nil,
		"resources": []any{map[string]any{
			"mode": "managed", "type": resource, "name": "this", "instances": instances,
			"provider": `provider["registry.terraform.io/onprem-tools/onprem"]`,
		}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.Dir, stateFile), state, 0o600)
}

// index is what the configuration calls the number of an object.
const index = "${count.index}"

// object has a value for everything required and null for the rest, but for so
// many optional attributes that about want are set.
func object(attributes []*tfprotov6.SchemaAttribute, want int) map[string]any {
	values := map[string]any{}
	for _, a := range attributes {
		values[a.Name] = nil
		if a.Required {
			values[a.Name] = value(a)
			want--
		}
	}
	for _, a := range attributes {
		if a.Optional && !a.WriteOnly && a.NestedType == nil && a.Type.Is(tftypes.String) && want > 0 {
			values[a.Name] = value(a)
			want--
		}
	}
	return values
}

func value(a *tfprotov6.SchemaAttribute) any {
	if a.NestedType == nil {
		return valueOf(a.Type)
	}
	inner := object(a.NestedType.Attributes, 0)
	switch a.NestedType.Nesting {
	case tfprotov6.SchemaObjectNestingModeList, tfprotov6.SchemaObjectNestingModeSet:
		return []any{inner}
	case tfprotov6.SchemaObjectNestingModeMap:
		return map[string]any{"key": inner}
	default:
		return inner
	}
}

func valueOf(t tftypes.Type) any {
	switch t := t.(type) {
	case tftypes.List:
		return []any{valueOf(t.ElementType)}
	case tftypes.Set:
		return []any{valueOf(t.ElementType)}
	case tftypes.Map:
		return map[string]any{"key": valueOf(t.ElementType)}
	case tftypes.Object:
		values := map[string]any{}
		for name, of := range t.AttributeTypes {
			values[name] = valueOf(of)
		}
		return values
	}
	switch {
	case t.Is(tftypes.Number):
		return 1
	case t.Is(tftypes.Bool):
		return true
	default:
		return "value " + index
	}
}

func schemaTable(rows []schemaRow) table {
	t := table{
		title: fmt.Sprintf("Schemas with the do-nothing provider: Terraform alone may take %.1f × the floor", schemacost.Limit),
		head:  []string{"resource", "attributes", "n", "by the rule ×", "Terraform alone ×", "with provider ×", "Terraform alone s", "above the limit"},
	}
	for _, r := range rows {
		if r.Exception != "" {
			t.notes = append(t.notes, fmt.Sprintf("Excepted: %s, %s", r.Resource, schemacost.Exceptions[r.Resource]))
		}
		if r.CoreCPU == 0 {
			t.add("%s|%d|–|%.2f|–|–|–|excepted", r.Resource, r.Attributes, r.Rule)
			continue
		}
		above := ""
		switch {
		case r.Exception != "":
			above = "excepted"
		case r.CoreToFloor > schemacost.Limit:
			above = "yes"
		}
		t.add("%s|%d|%d|%.2f|%.2f|%.2f|%.2f|%s", r.Resource, r.Attributes, r.N, r.Rule, r.CoreToFloor, r.AllToFloor, r.CoreCPU, above)
	}
	return t
}
