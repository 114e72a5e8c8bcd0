package module

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Kind is what is wrong with an input.
type Kind int

// The kinds of problems.
const (
	UnknownInput     Kind = iota // the module has no such variable
	MissingInput                 // the variable has no default and gets no value
	WrongType                    // the value does not convert to the type of the variable
	UnknownAttribute             // the type has no such attribute; Terraform would drop it without a word
	FailedValidation             // a validation block of the variable refuses the value
)

// Problem is something that is wrong with the inputs of a module.
type Problem struct {
	Kind     Kind
	Input    string
	Path     cty.Path // of the part of the input; empty when it is about the whole
	Summary  string
	Detail   string
	Declared hcl.Range // where the module says it; empty when it does not
}

// Address is the part of the inputs the problem is about, as an expression
// would refer to it: ip_pools.pods.block_size.
func (p Problem) Address() string { return Address(p.Input, p.Path) }

// CheckInputs finds what Terraform would refuse, or drop, of the inputs. The
// problems are sorted by address. What cannot be decided yet, because a value
// is unknown, is no problem.
func (m *Module) CheckInputs(inputs map[string]cty.Value) []Problem {
	var problems []Problem
	for name := range inputs {
		if _, ok := m.Variables[name]; !ok {
			problems = append(problems, m.unknownInput(name))
		}
	}
	values := map[string]cty.Value{}
	for name, v := range m.Variables {
		found, value := v.check(inputs)
		problems = append(problems, found...)
		values[name] = value
	}
	scope := newScope(m, values)
	for _, v := range m.Variables {
		problems = append(problems, v.validate(scope)...)
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Address(), b.Address()), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Declared.Start.Byte, b.Declared.Start.Byte))
	})
	return problems
}

func (m *Module) unknownInput(name string) Problem {
	return Problem{
		Kind:    UnknownInput,
		Input:   name,
		Summary: fmt.Sprintf("Unknown input %q", name),
		Detail:  fmt.Sprintf("The module has no variable %q.%s", name, suggestion(name, slices.Collect(maps.Keys(m.Variables)))),
	}
}

// check gives the value that the module sees besides the problems; it is
// unknown when there are any, so that rules about it stay silent.
func (v *Variable) check(inputs map[string]cty.Value) ([]Problem, cty.Value) {
	value, ok := inputs[v.Name]
	switch {
	case !ok && v.Required:
		return []Problem{{
			Kind:     MissingInput,
			Input:    v.Name,
			Summary:  fmt.Sprintf("Missing input %q", v.Name),
			Detail:   strings.TrimSpace(fmt.Sprintf("The module requires it, a value of type %s. %s", typeName(v.Type), v.Description)),
			Declared: v.Range,
		}}, cty.DynamicVal
	case !ok:
		return nil, v.Default
	}
	converted, err := v.Convert(value)
	if err != nil {
		problems := v.mistyped(value)
		if len(problems) == 0 { // null, which mistyped lets pass
			problems = []Problem{v.wrongType(nil, "null is not allowed")}
		}
		return problems, cty.DynamicVal
	}
	return v.superfluous(value, v.Type, nil), converted
}

func (v *Variable) mistyped(value cty.Value) []Problem {
	var problems []Problem
	for _, fault := range mismatches(value, v.Type, nil) {
		problems = append(problems, v.wrongType(fault.Path, fault.Message))
	}
	return problems
}

func (v *Variable) wrongType(path cty.Path, message string) Problem {
	return Problem{
		Kind:     WrongType,
		Input:    v.Name,
		Path:     path,
		Summary:  "Wrong type of input",
		Detail:   fmt.Sprintf("%s: %s.", Address(v.Name, path), message),
		Declared: v.Range,
	}
}

// superfluous finds the attributes of a value that its type does not have.
func (v *Variable) superfluous(value cty.Value, want cty.Type, path cty.Path) []Problem {
	value, _ = value.Unmark()
	if !value.IsKnown() || value.IsNull() {
		return nil
	}
	var problems []Problem
	position := 0
	for key, element := range parts(value) {
		switch {
		case want.IsObjectType() && hasNames(value.Type()):
			name := key.AsString()
			inside := append(slices.Clone(path), cty.GetAttrStep{Name: name})
			if !want.HasAttribute(name) {
				problems = append(problems, v.unknownAttribute(name, inside, want))
				continue
			}
			problems = append(problems, v.superfluous(element, want.AttributeType(name), inside)...)
		case want.IsCollectionType():
			problems = append(problems, v.superfluous(element, want.ElementType(), append(slices.Clone(path), cty.IndexStep{Key: key}))...)
		case want.IsTupleType() && position < want.Length():
			problems = append(problems, v.superfluous(element, want.TupleElementType(position), append(slices.Clone(path), cty.IndexStep{Key: key}))...)
		}
		position++
	}
	return problems
}

func (v *Variable) unknownAttribute(name string, path cty.Path, want cty.Type) Problem {
	return Problem{
		Kind:    UnknownAttribute,
		Input:   v.Name,
		Path:    path,
		Summary: fmt.Sprintf("Unknown attribute %q", name),
		Detail: fmt.Sprintf("The type of %s has no attribute %q, and Terraform would drop it without a word.%s",
			Address(v.Name, path[:len(path)-1]), name, suggestion(name, slices.Collect(maps.Keys(want.AttributeTypes())))),
		Declared: v.Range,
	}
}

// validate runs the rules of the variable. One that cannot be decided, as it
// uses what only Terraform knows, is left to Terraform.
func (v *Variable) validate(scope *scope) []Problem {
	var problems []Problem
	for _, rule := range v.Validations {
		holds, _ := scope.value(rule.Condition).Unmark()
		if !holds.IsKnown() || holds.IsNull() || holds.Type() != cty.Bool || holds.True() {
			continue
		}
		problems = append(problems, Problem{
			Kind:     FailedValidation,
			Input:    v.Name,
			Summary:  fmt.Sprintf("Invalid value of input %q", v.Name),
			Detail:   errorMessage(scope.value(rule.ErrorMessage)),
			Declared: rule.Range,
		})
	}
	return problems
}

func errorMessage(message cty.Value) string {
	switch {
	case message.IsMarked():
		return "The message of the module's validation rule would show a secret."
	case !message.IsKnown() || message.IsNull() || message.Type() != cty.String:
		return "The module's validation rule refuses the value."
	default:
		return message.AsString()
	}
}

// suggestion names the candidate that differs from a name by a slip or two.
func suggestion(name string, candidates []string) string {
	slices.Sort(candidates)
	best, distance := "", 3
	for _, candidate := range candidates {
		if d := levenshtein.Distance(name, candidate, nil); d < distance {
			best, distance = candidate, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", best)
}

func typeName(ty cty.Type) string {
	if ty == cty.DynamicPseudoType {
		return "any"
	}
	return ty.FriendlyNameForConstraint()
}
