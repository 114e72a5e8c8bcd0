package kongsim

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// object is an entity or a record of one: JSON, where a missing key and a null differ until defaults are filled in.
type object = map[string]any

type kind string

// The kinds are named as the gateway names them in "expected a …".
const (
	str     kind = "string"
	integer kind = "integer"
	number  kind = "number"
	boolean kind = "boolean"
	array   kind = "array"
	set     kind = "set"
	hash    kind = "map"
	record  kind = "record"
	foreign kind = "foreign"
)

// field is one line of an entity's schema.
type field struct {
	name     string
	kind     kind
	required bool
	unique   bool
	emptyOK  bool // strings: the empty string is a value
	def      any
	check    func(v any) string // what is wrong with a value of the right kind
	elem     *field             // array, set and map values
	key      func(k string) string
	fields   []field // record
	checks   []check // record: what its fields must fulfil together
	ref      string  // foreign: the entity
	null     bool    // foreign: never set
	cascade  bool    // foreign: goes with what it points at; otherwise that cannot be deleted
	auto     func(s *Sim) any

	of func(e object) *field // the field as it is beside other values of the entity
}

// check is a rule over several fields of a record or entity.
type check func(e object, errs violations, updating bool)

// violations collects what is wrong with a record: by field a string, a nested violations or a list with nulls; rules over
// several fields under @entity.
type violations map[string]any

// at is what is wrong with a field; its path goes through records by dots.
func (e violations) at(path string) any {
	name, rest, nested := strings.Cut(path, ".")
	if sub, ok := e[name].(violations); ok && nested {
		return sub.at(rest)
	}
	if nested {
		return nil
	}
	return e[name]
}

func (e violations) put(path string, wrong any) {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		e[name] = wrong
		return
	}
	sub, ok := e[name].(violations)
	if !ok {
		sub = violations{}
		e[name] = sub
	}
	sub.put(rest, wrong)
}

// dig is the value of a field by such a path.
func dig(e object, path string) any {
	name, rest, nested := strings.Cut(path, ".")
	if !nested {
		return e[name]
	}
	sub, _ := e[name].(object)
	return dig(sub, rest)
}

func (e violations) entity(msg string) {
	list, _ := e["@entity"].([]any)
	e["@entity"] = append(list, msg)
}

// in is the field as it is in an entity.
func (f *field) in(e object) *field {
	if f.of == nil {
		return f
	}
	return f.of(e)
}

// validate answers what is wrong with a value, or nil: a string, violations, or a list.
func (f *field) validate(v any, updating bool) any {
	if v == nil {
		if f.required {
			return "required field missing"
		}
		return nil
	}
	switch f.kind {
	case array, set:
		return f.validateList(v, updating)
	case hash:
		return f.validateMap(v, updating)
	case record:
		m, ok := v.(object)
		if !ok {
			return "expected a record"
		}
		if errs := validateRecord(f.fields, f.checks, m, updating); len(errs) > 0 {
			return errs
		}
		return f.custom(v)
	case foreign:
		if f.null {
			return "value must be null"
		}
		return validateForeign(v)
	}
	if msg := f.kind.mismatch(v); msg != "" {
		return msg
	}
	if s, ok := v.(string); ok && s == "" && !f.emptyOK {
		return "length must be at least 1"
	}
	return f.custom(v)
}

func (f *field) custom(v any) any {
	if f.check == nil {
		return nil
	}
	if msg := f.check(v); msg != "" {
		return msg
	}
	return nil
}

func (k kind) mismatch(v any) string {
	ok := false
	switch k {
	case str:
		_, ok = v.(string)
	case boolean:
		_, ok = v.(bool)
	case number:
		_, ok = v.(float64)
	case integer:
		n, isNumber := v.(float64)
		ok = isNumber && n == float64(int64(n))
		if !ok {
			return "expected an integer"
		}
	}
	if !ok {
		return "expected a " + string(k)
	}
	return ""
}

func (f *field) validateList(v any, updating bool) any {
	list, ok := v.([]any)
	if !ok {
		if f.kind == array {
			return "expected an array"
		}
		return "expected a set"
	}
	wrong := make([]any, 0, len(list))
	for i, item := range list {
		if msg := f.elem.validate(item, updating); msg != nil {
			for len(wrong) < i {
				wrong = append(wrong, nil)
			}
			wrong = append(wrong, msg)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return f.custom(v)
}

func (f *field) validateMap(v any, updating bool) any {
	m, ok := v.(object)
	if !ok {
		return "expected a map"
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if f.key != nil {
			if msg := f.key(k); msg != "" {
				return msg
			}
		}
		if msg := f.elem.validate(m[k], updating); msg != nil {
			return msg
		}
	}
	return f.custom(v)
}

func validateForeign(v any) any {
	m, _ := v.(object)
	id, ok := m["id"]
	if !ok || id == nil {
		return violations{"id": "missing primary key"}
	}
	if s, ok := id.(string); !ok || !isUUID(s) {
		return violations{"id": "expected a valid UUID"}
	}
	return nil
}

func validateRecord(fields []field, checks []check, m object, updating bool) violations {
	errs := violations{}
	known := map[string]bool{}
	for i := range fields {
		f := fields[i].in(m)
		known[f.name] = true
		if msg := f.validate(m[f.name], updating); msg != nil {
			errs[f.name] = msg
		}
	}
	for k := range m {
		if !known[k] {
			errs[k] = "unknown field"
		}
	}
	for _, c := range checks {
		c(m, errs, updating)
	}
	return errs
}

// fill gives every field a value: the default where none was sent (an explicit null stays), lists without duplicates
// in sets, records all the way down, foreign keys as nothing but the id.
func fill(fields []field, m object) {
	for i := range fields {
		f := fields[i].in(m)
		v, sent := m[f.name]
		if !sent {
			v = clone(f.def)
			if v == nil && f.kind == record && f.required {
				v = object{}
			}
		}
		m[f.name] = f.normalize(v)
	}
}

func (f *field) normalize(v any) any {
	switch f.kind {
	case record:
		if list, ok := v.([]any); ok && len(list) == 0 {
			v = object{}
		}
		if m, ok := v.(object); ok {
			fill(f.fields, m)
		}
	case array, set:
		// Lua has one kind of table: an empty object is an empty list.
		if m, ok := v.(object); ok && len(m) == 0 {
			return []any{}
		}
		list, ok := v.([]any)
		if !ok {
			return v
		}
		for i := range list {
			list[i] = f.elem.normalize(list[i])
		}
		if f.kind == set {
			return unique(list)
		}
	case hash:
		if list, ok := v.([]any); ok && len(list) == 0 {
			return object{}
		}
		if m, ok := v.(object); ok {
			for k := range m {
				m[k] = f.elem.normalize(m[k])
			}
		}
	case foreign:
		if m, ok := v.(object); ok && m["id"] != nil {
			return object{"id": m["id"]}
		}
	}
	return v
}

func unique(list []any) []any {
	seen := map[string]bool{}
	out := []any{}
	for _, v := range list {
		if k := string(encode(v)); !seen[k] {
			seen[k] = true
			out = append(out, v)
		}
	}
	return out
}

// merge lays a PATCH over what is stored: records field by field, everything else whole.
func merge(fields []field, old, patch object) object {
	out := asObject(clone(old))
	for k, v := range patch {
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == k })
		if i >= 0 && fields[i].kind == record {
			before, okBefore := out[k].(object)
			sent, okSent := v.(object)
			if okBefore && okSent {
				out[k] = merge(fields[i].in(out).fields, before, sent)
				continue
			}
		}
		out[k] = clone(v)
	}
	return out
}

func clone(v any) any {
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for k, x := range v {
			out[k] = clone(x)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = clone(x)
		}
		return out
	}
	return v
}

// message words the violations as the gateway does: rules over several fields first, then field by field, one level of
// nesting as a path and the rest as a Lua table.
func (e violations) message() string {
	var all []string
	if list, ok := e["@entity"].([]any); ok {
		for _, msg := range list {
			all = append(all, asString(msg))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e)) {
		if name == "@entity" {
			continue
		}
		switch v := e[name].(type) {
		case string:
			all = append(all, name+": "+v)
		case violations:
			for _, sub := range slices.Sorted(maps.Keys(v)) {
				all = append(all, name+"."+sub+": "+lua(v[sub], 0))
			}
		case []any:
			for i, sub := range v {
				if sub != nil {
					all = append(all, name+"."+strconv.Itoa(i+1)+": "+lua(sub, 0))
				}
			}
		}
	}
	joined := "(" + strings.Join(all, "; ") + ")"
	if len(all) == 1 {
		return "schema violation " + joined
	}
	return strconv.Itoa(len(all)) + " schema violations " + joined
}

// lua prints a value as Penlight's pretty printer does.
func lua(v any, depth int) string {
	pad := strings.Repeat("  ", depth+1)
	var lines []string
	switch v := v.(type) {
	case string:
		if depth == 0 {
			return v
		}
		return strconv.Quote(v)
	case violations:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, pad+luaKey(k)+" = "+lua(v[k], depth+1))
		}
	case []any:
		gap := false
		for i, x := range v {
			if x == nil {
				gap = true
				continue
			}
			prefix := ""
			if gap {
				prefix = "[" + strconv.Itoa(i+1) + "] = "
			}
			lines = append(lines, pad+prefix+lua(x, depth+1))
		}
	}
	return "{\n" + strings.Join(lines, ",\n") + "\n" + strings.Repeat("  ", depth) + "}"
}

func luaKey(k string) string {
	if strings.HasPrefix(k, "@") {
		return `["` + k + `"]`
	}
	return k
}
