package module

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// variableBlock is a variable as its block says it, and as the blocks of the
// same name in override files say it then.
type variableBlock struct {
	name        string
	attributes  hcl.Attributes
	validations hcl.Blocks
	header      hcl.Range
}

func (d *decoder) variable(block *hcl.Block) {
	content := d.content(block.Body, variableSchema)
	name := block.Labels[0]
	first, ok := d.variables[name]
	switch {
	case !ok:
		d.variables[name] = &variableBlock{
			name: name, attributes: content.Attributes, validations: content.Blocks, header: block.DefRange,
		}
	case !d.override:
		d.duplicate(block, first.header)
	default: // validations are not overridden
		for key, attribute := range content.Attributes {
			first.attributes[key] = attribute
		}
	}
}

func (d *decoder) declare(block *variableBlock) {
	v := &Variable{Name: block.name, Type: cty.DynamicPseudoType, Nullable: true, Required: true, Range: block.header}
	d.module.Variables[v.Name] = v
	d.setText(&v.Description, block.attributes["description"])
	d.setBool(&v.Nullable, block.attributes["nullable"])
	d.setBool(&v.Sensitive, block.attributes["sensitive"])
	d.setBool(&v.Ephemeral, block.attributes["ephemeral"])
	if attribute, ok := block.attributes["type"]; ok {
		d.constrain(v, attribute.Expr)
	} else {
		v.Untyped = true
	}
	if attribute, ok := block.attributes["default"]; ok {
		d.setDefault(v, attribute.Expr)
	}
	for _, b := range block.validations {
		content := d.content(b.Body, validationSchema)
		condition, message := content.Attributes["condition"], content.Attributes["error_message"]
		if condition != nil && message != nil {
			v.Validations = append(v.Validations, Validation{
				Condition: condition.Expr, ErrorMessage: message.Expr, Range: b.DefRange,
			})
		}
	}
}

func (d *decoder) constrain(v *Variable, expr hcl.Expression) {
	// Terraform 0.11 wrote collections without the type of their elements.
	switch hcl.ExprAsKeyword(expr) {
	case "list":
		v.Type = cty.List(cty.DynamicPseudoType)
		return
	case "map":
		v.Type = cty.Map(cty.DynamicPseudoType)
		return
	}
	constraint, defaults, diags := typeexpr.TypeConstraintWithDefaults(expr)
	d.diags = append(d.diags, diags...)
	if !diags.HasErrors() {
		v.Type, v.Defaults = constraint, defaults
	}
}

func (d *decoder) setDefault(v *Variable, expr hcl.Expression) {
	v.Required = false
	v.Default = cty.NullVal(v.Type.WithoutOptionalAttributesDeep())
	value, diags := expr.Value(nil)
	d.diags = append(d.diags, diags...)
	if diags.HasErrors() {
		return
	}
	if value.IsNull() && v.Nullable {
		return
	}
	converted, err := v.convert(value)
	if err != nil {
		d.diags = d.diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  "Default of the wrong type",
			Detail:   fmt.Sprintf("%s.", err),
			Subject:  expr.Range().Ptr(),
		})
		return
	}
	v.Default = converted
}

// text is the string that the attribute must be; empty without it.
func (d *decoder) text(attribute *hcl.Attribute) string {
	var s string
	d.setText(&s, attribute)
	return s
}

func (d *decoder) setText(s *string, attribute *hcl.Attribute) {
	if v, ok := d.constant(attribute, cty.String); ok {
		*s = v.AsString()
	}
}

func (d *decoder) setBool(b *bool, attribute *hcl.Attribute) {
	if v, ok := d.constant(attribute, cty.Bool); ok {
		*b = v.True()
	}
}

func (d *decoder) constant(attribute *hcl.Attribute, want cty.Type) (cty.Value, bool) {
	if attribute == nil {
		return cty.NilVal, false
	}
	value, diags := attribute.Expr.Value(nil)
	d.diags = append(d.diags, diags...)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	value, err := convert.Convert(value, want)
	if err != nil || value.IsNull() || !value.IsKnown() {
		d.diags = d.diags.Append(&hcl.Diagnostic{
			Severity: hcl.DiagError,
			Summary:  fmt.Sprintf("Unsuitable value of %s", attribute.Name),
			Detail:   fmt.Sprintf("A constant %s is required.", want.FriendlyName()),
			Subject:  attribute.Expr.Range().Ptr(),
		})
		return cty.NilVal, false
	}
	return value, true
}

// literal is the string an expression is; empty when it is none.
func literal(expr hcl.Expression) string {
	value, diags := expr.Value(nil)
	if diags.HasErrors() || value.Type() != cty.String || value.IsNull() || !value.IsKnown() {
		return ""
	}
	return value.AsString()
}
