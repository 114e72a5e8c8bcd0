// Package harbor has the resources and data sources of the Harbor registry.
package harbor

import (
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// Kinds are all that Terraform can use of Harbor.
func Kinds() []crud.Kind {
	return []crud.Kind{Label, Project, Registry, ReplicationPolicy}
}

// idAttribute is the number that most objects of Harbor are found by.
func idAttribute(kind string) schema.Int64Attribute {
	return schema.Int64Attribute{
		MarkdownDescription: "Number that Harbor gives the " + kind + ".", Computed: true,
		PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
	}
}

// descriptionAttribute is a text that Harbor shows beside the name.
func descriptionAttribute(kind string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: "What the " + kind + " is for.", Optional: true,
		Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
	}
}
