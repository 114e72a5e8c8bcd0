package kong

import (
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
)

// referenceType is a foreign key: Kong's {"id": "…"}.
var referenceType = map[string]attr.Type{"id": types.StringType}

func toRef(o types.Object) *kongapi.Ref {
	id, ok := o.Attributes()["id"].(types.String)
	if !ok {
		return nil
	}
	return &kongapi.Ref{ID: id.ValueString()}
}

func fromRef(r *kongapi.Ref) types.Object {
	if r == nil {
		return types.ObjectNull(referenceType)
	}
	return types.ObjectValueMust(referenceType, map[string]attr.Value{"id": types.StringValue(r.ID)})
}

// texts are the strings of a list or set: nil when it is null, which Kong keeps apart from an empty one.
func texts(v interface {
	IsNull() bool
	Elements() []attr.Value
}) []string {
	if v.IsNull() {
		return nil
	}
	out := []string{}
	for _, e := range v.Elements() {
		if s, ok := e.(types.String); ok {
			out = append(out, s.ValueString())
		}
	}
	return out
}

func values(list []string) []attr.Value {
	out := make([]attr.Value, len(list))
	for i, s := range list {
		out[i] = types.StringValue(s)
	}
	return out
}

func toList(list []string) types.List {
	if list == nil {
		return types.ListNull(types.StringType)
	}
	return types.ListValueMust(types.StringType, values(list))
}

func toSet(list []string) types.Set {
	if list == nil {
		return types.SetNull(types.StringType)
	}
	return types.SetValueMust(types.StringType, values(list))
}

// moment turns Kong's seconds into RFC 3339.
func moment(seconds int64) types.String {
	return types.StringValue(time.Unix(seconds, 0).UTC().Format(time.RFC3339))
}
