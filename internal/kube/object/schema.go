package object

import (
	"context"
	"fmt"
	"maps"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
)

// Attributes adds to a kind's own attributes those that every object has.
func Attributes(ctx context.Context, kind kube.Kind, own map[string]schema.Attribute) map[string]schema.Attribute {
	all := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			MarkdownDescription: fmt.Sprintf("Name of the %s. Changing it makes a new object.", kind.Kind),
			Required:            true,
			Validators:          []validator.String{NameValidator()},
			PlanModifiers:       []planmodifier.String{stringplanmodifier.RequiresReplace()},
		},
		"uid": schema.StringAttribute{
			MarkdownDescription: "The UID that Kubernetes has given the object. An object made anew under the same name has another.",
			Computed:            true,
			PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
		},
		"labels": schema.MapAttribute{
			MarkdownDescription: "Labels. Only these keys are managed; labels that others set are left alone.",
			ElementType:         types.StringType, Optional: true,
			Validators: []validator.Map{LabelsValidator()},
		},
		"annotations": schema.MapAttribute{
			MarkdownDescription: "Annotations. Only these keys are managed; annotations that others set are left alone. Those in which " +
				"kubectl, Argo CD and Helm keep their books are never read: kubectl's holds the whole object, passwords included.",
			ElementType: types.StringType, Optional: true,
			Validators: []validator.Map{mapvalidator.KeysAre(annotationKeyValidator())},
		},
		"take_ownership": schema.BoolAttribute{
			MarkdownDescription: "Whether to take over an object that exists already, and fields that another manager owns. " +
				"Defaults to `false`: both are errors that name the other manager.",
			Optional: true,
		},
		"timeouts": crud.Timeouts(ctx, timeouts.Opts{
			Create: true, Update: true, Delete: true,
			CreateDescription: "How long to try, waits for a webhook or server that is down included. Defaults to two minutes.",
			UpdateDescription: "How long to try, waits for a webhook or server that is down included. Defaults to two minutes.",
			DeleteDescription: "How long to wait until the object is gone. Defaults to five minutes.",
		}),
	}
	maps.Copy(all, own)
	return all
}

// Namespace is the attribute of that name, with its default.
func Namespace(def, description string) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: fmt.Sprintf("%s Defaults to `%s`. Changing it makes a new object.", description, def),
		Optional:            true, Computed: true,
		Default:       stringdefault.StaticString(def),
		Validators:    []validator.String{NamespaceValidator()},
		PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
	}
}
