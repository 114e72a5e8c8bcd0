// Package metallb has the objects of MetalLB (metallb.io), one file each. What
// can be decided from a configuration is checked at plan; the rest is up to
// MetalLB's webhook, which sees all objects together.
package metallb

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	resourceschema "github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/object"
)

// Kinds are all that Terraform can use of MetalLB.
func Kinds() []crud.Kind {
	return []crud.Kind{BFDProfile, BGPAdvertisement, BGPPeer, IPAddressPool, L2Advertisement}
}

// defaultNamespace is where MetalLB's manifests and chart install it. It reads
// its objects from its own namespace only.
const defaultNamespace = "metallb-system"

func kind(version, resource, name string) kube.Kind {
	return kube.Kind{
		GroupVersionResource: schema.GroupVersionResource{Group: "metallb.io", Version: version, Resource: resource},
		Kind:                 name, Namespaced: true, ServedBy: "MetalLB",
	}
}

func namespaceAttribute() resourceschema.Attribute {
	return object.Namespace(defaultNamespace, "Namespace that MetalLB runs in; it ignores, and its webhook refuses, objects elsewhere.")
}

// selectorsAttribute is a list of label selectors, one of which must match.
func selectorsAttribute(description string) resourceschema.ListNestedAttribute {
	return resourceschema.ListNestedAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Validators:          []validator.List{listvalidator.SizeAtLeast(1), listvalidator.UniqueValues()},
		NestedObject: resourceschema.NestedAttributeObject{Attributes: map[string]resourceschema.Attribute{
			"match_labels": resourceschema.MapAttribute{
				MarkdownDescription: "Labels with their values, all of which must be there.",
				ElementType:         types.StringType, Optional: true,
				Validators: []validator.Map{object.LabelsValidator()},
			},
			"match_expressions": resourceschema.ListNestedAttribute{
				MarkdownDescription: "Conditions on labels, all of which must hold.",
				Optional:            true,
				Validators:          []validator.List{listvalidator.SizeAtLeast(1)},
				NestedObject:        resourceschema.NestedAttributeObject{Attributes: matchExpressionAttributes()},
			},
		}},
	}
}

func matchExpressionAttributes() map[string]resourceschema.Attribute {
	return map[string]resourceschema.Attribute{
		"key": resourceschema.StringAttribute{
			MarkdownDescription: "Key of the label.", Required: true, Validators: []validator.String{object.QualifiedNameValidator()},
		},
		"operator": resourceschema.StringAttribute{
			MarkdownDescription: "`In`, `NotIn`, `Exists` or `DoesNotExist`.", Required: true,
			Validators: []validator.String{stringvalidator.OneOf("In", "NotIn", "Exists", "DoesNotExist")},
		},
		"values": resourceschema.ListAttribute{
			MarkdownDescription: "Values for `In` and `NotIn`; none for the others.",
			ElementType:         types.StringType, Optional: true,
			Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.ValueStringsAre(object.LabelValueValidator())},
		},
	}
}

// checkSelectors checks what Kubernetes' own parser of selectors would refuse.
func checkSelectors(selectors types.List, at path.Path, diags *diag.Diagnostics) {
	for i, e := range selectors.Elements() {
		s, ok := e.(types.Object)
		if !ok || !known(s) {
			continue
		}
		expressions, _ := s.Attributes()["match_expressions"].(types.List)
		for j, e := range expressions.Elements() {
			if x, ok := e.(types.Object); ok && known(x) {
				checkExpression(x, at.AtListIndex(i).AtName("match_expressions").AtListIndex(j).AtName("values"), diags)
			}
		}
	}
}

func checkExpression(x types.Object, at path.Path, diags *diag.Diagnostics) {
	operator, values := x.Attributes()["operator"], x.Attributes()["values"]
	if !known(operator) || values.IsUnknown() {
		return
	}
	name := operator.(types.String).ValueString() //nolint:forcetypeassert // by the schema
	wanted := name == "In" || name == "NotIn"
	if wanted && values.IsNull() {
		refuse(diags, at, fmt.Sprintf("%s needs values.", name))
	}
	if !wanted && !values.IsNull() {
		refuse(diags, at, fmt.Sprintf("%s takes no values.", name))
	}
}

// known reports whether a value is there to be checked.
func known(v attr.Value) bool { return !v.IsNull() && !v.IsUnknown() }

// refuse reports a rule that an attribute breaks together with others.
func refuse(diags *diag.Diagnostics, at path.Path, reason string) {
	diags.AddAttributeError(at, "Invalid attribute combination", reason)
}
