// Package harbor has the resources and data sources of the Harbor registry.
package harbor

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// Kinds are all that Terraform can use of Harbor.
func Kinds() []crud.Kind {
	return []crud.Kind{Label, Project, Registry, ReplicationPolicy}
}

// missing words the absence of what a data source is to read by its name.
func missing(kind, name string, err error) error {
	if !api.IsNotFound(err) {
		return err
	}
	return crud.At(path.Root("name"), &missingError{fmt.Sprintf("there is no %s named %q: %v", kind, name, err), err})
}

type missingError struct {
	text  string
	cause error
}

func (e *missingError) Error() string { return e.text }

func (e *missingError) Unwrap() error { return e.cause }

// Hint says what to look at.
func (e *missingError) Hint() string {
	return "Check the name, upper and lower case included, and whether it is made by then: a data source is read before what it does not refer to. " +
		"Harbor shows an account only what it may see."
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
