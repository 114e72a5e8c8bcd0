package object

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"k8s.io/apimachinery/pkg/util/validation"
)

// Check is a rule for strings that is one function: it returns what is wrong,
// "" when nothing is. The value is known and not null.
type Check struct {
	// Rule says what is allowed: "must be …".
	Rule string
	Find func(value string) string
}

var _ validator.String = Check{}

// Description implements validator.Describer.
func (c Check) Description(context.Context) string { return c.Rule }

// MarkdownDescription implements validator.Describer.
func (c Check) MarkdownDescription(context.Context) string { return c.Rule }

// ValidateString implements validator.String.
func (c Check) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := c.Find(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid value", fmt.Sprintf("%q: %s.", req.ConfigValue.ValueString(), problem))
	}
}

// NameValidator checks names of objects.
func NameValidator() Check {
	return Check{"must be a DNS name in lower case", joined(validation.IsDNS1123Subdomain)}
}

// NamespaceValidator checks names of namespaces.
func NamespaceValidator() Check {
	return Check{"must be a DNS label in lower case", joined(validation.IsDNS1123Label)}
}

// QualifiedNameValidator checks keys of labels and annotations.
func QualifiedNameValidator() Check {
	return Check{"must be a label key, with an optional prefix", joined(validation.IsQualifiedName)}
}

// annotationKeyValidator checks keys of annotations.
func annotationKeyValidator() Check {
	return Check{"must be an annotation key, and none of other tools' books", func(key string) string {
		if slices.Contains(toolAnnotations, key) {
			return "another tool keeps its books there, and this resource leaves them alone"
		}
		return QualifiedNameValidator().Find(key)
	}}
}

// LabelValueValidator checks values of labels.
func LabelValueValidator() Check {
	return Check{"must be a label value of at most 63 characters", joined(validation.IsValidLabelValue)}
}

// LabelsValidator checks labels, keys and values.
func LabelsValidator() validator.Map {
	return mapvalidator.All(mapvalidator.KeysAre(QualifiedNameValidator()), mapvalidator.ValueStringsAre(LabelValueValidator()))
}

func joined(rule func(string) []string) func(string) string {
	return func(s string) string { return strings.Join(rule(s), "; ") }
}
