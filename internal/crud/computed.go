package crud

import (
	"fmt"
	"slices"
	"strings"

	data "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
)

// onlyResources are attributes that tell how Terraform works on an object, not
// what the object is.
var onlyResources = map[string]bool{"timeouts": true, "take_ownership": true, "force_destroy": true}

// Computed turns the attributes of a resource into those of its data source:
// the same names, types and words, all of them read. Write-only attributes and
// their versions are left out, and what tells how Terraform works. Replace what
// the object is found by in the result.
func Computed(of map[string]schema.Attribute) map[string]data.Attribute {
	out := make(map[string]data.Attribute, len(of))
	for name, a := range of {
		if !onlyResources[name] && !a.IsWriteOnly() && !isVersion(of, name) {
			out[name] = computed(a)
		}
	}
	return out
}

// isVersion tells whether an attribute is the version of a write-only one.
func isVersion(of map[string]schema.Attribute, name string) bool {
	secret, ok := of[strings.TrimSuffix(name, "_version")]
	return ok && strings.HasSuffix(name, "_version") && secret.IsWriteOnly()
}

// ofConfiguration begins sentences that speak to who writes a resource.
var ofConfiguration = []string{"Changing it ", "Defaults to ", "Without it ", "Needs `"}

// asRead is a description without what it says to who writes a resource.
func asRead(text string) string {
	sentences := strings.SplitAfter(text, ". ")
	kept := slices.DeleteFunc(sentences, func(s string) bool {
		return slices.ContainsFunc(ofConfiguration, func(start string) bool { return strings.HasPrefix(s, start) })
	})
	return strings.TrimSpace(strings.Join(kept, ""))
}

func computed(a schema.Attribute) data.Attribute {
	text, secret := asRead(a.GetMarkdownDescription()), a.IsSensitive()
	switch a := a.(type) {
	case schema.StringAttribute:
		return data.StringAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType}
	case schema.Int64Attribute:
		return data.Int64Attribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType}
	case schema.Float64Attribute:
		return data.Float64Attribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType}
	case schema.BoolAttribute:
		return data.BoolAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType}
	case schema.DynamicAttribute:
		return data.DynamicAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType}
	case schema.ListAttribute:
		return data.ListAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType, ElementType: a.ElementType}
	case schema.SetAttribute:
		return data.SetAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType, ElementType: a.ElementType}
	case schema.MapAttribute:
		return data.MapAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, CustomType: a.CustomType, ElementType: a.ElementType}
	}
	return computedObject(a, text, secret)
}

func computedObject(a schema.Attribute, text string, secret bool) data.Attribute {
	switch a := a.(type) {
	case schema.SingleNestedAttribute:
		return data.SingleNestedAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, Attributes: Computed(a.Attributes)}
	case schema.ListNestedAttribute:
		return data.ListNestedAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, NestedObject: computedNested(a.NestedObject)}
	case schema.SetNestedAttribute:
		return data.SetNestedAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, NestedObject: computedNested(a.NestedObject)}
	case schema.MapNestedAttribute:
		return data.MapNestedAttribute{MarkdownDescription: text, Computed: true, Sensitive: secret, NestedObject: computedNested(a.NestedObject)}
	}
	panic(fmt.Sprintf("crud: no data source attribute for a %T", a)) // the laws, which make all schemas, would find it
}

func computedNested(o schema.NestedAttributeObject) data.NestedAttributeObject {
	return data.NestedAttributeObject{Attributes: Computed(o.Attributes)}
}
