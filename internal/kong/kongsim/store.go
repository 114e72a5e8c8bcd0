package kongsim

import (
	"cmp"
	"slices"
)

// rows answers what is stored of an entity, in the order of lists: by id.
func (s *Sim) rows(e *entity) []object {
	out := make([]object, 0, len(s.data[e.name]))
	for _, row := range s.data[e.name] {
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b object) int { return cmp.Compare(asString(a["id"]), asString(b["id"])) })
	return out
}

// find looks a row up by a field.
func (s *Sim) find(e *entity, field string, v any) object {
	if field == "id" {
		id, _ := v.(string)
		return s.data[e.name][id]
	}
	for _, row := range s.data[e.name] {
		if row[field] == v {
			return row
		}
	}
	return nil
}

// resolve turns foreign keys sent by name into ids.
func (s *Sim) resolve(e *entity, sent object) *reply {
	for _, f := range e.fields {
		ref, ok := sent[f.name].(object)
		if f.kind != foreign || !ok || ref["id"] != nil {
			continue
		}
		parent := s.entity(f.ref)
		v, ok := ref[parent.key].(string)
		if parent.key == "" || !ok {
			continue
		}
		row := s.find(parent, parent.key, v)
		if row == nil {
			return unresolved(f.name, object{parent.key: v}, f.ref)
		}
		sent[f.name] = object{"id": row["id"]}
	}
	return nil
}

// save validates and stores a complete entity; old is what it replaces, sent what the request said.
func (s *Sim) save(e *entity, row, old, sent object, updating bool) *reply {
	if e.early != nil {
		if refused := e.early(s, row); refused != nil {
			return refused
		}
	}
	list, given := row[e.unstored]
	delete(row, e.unstored)
	if errs := e.validate(row, updating); len(errs) > 0 {
		return schemaViolation(errs)
	}
	if e.ready != nil {
		if r := e.ready(s, row, sent); r != nil {
			return r
		}
	}
	id := asString(row["id"])
	if old == nil && s.data[e.name][id] != nil {
		return primaryKeyViolation(id)
	}
	if r := s.uniqueAmong(e, row); r != nil {
		return r
	}
	for _, f := range e.fields {
		if ref, ok := row[f.name].(object); ok && f.kind == foreign && s.find(s.entity(f.ref), "id", ref["id"]) == nil {
			return foreignKeyMissing(f.name, ref, f.ref)
		}
	}
	if s.dbless {
		verb := "create"
		if updating {
			verb = "update"
		} else if old != nil {
			verb = "create or update"
		}
		return unsupported(verb, e)
	}
	if s.data[e.name] == nil {
		s.data[e.name] = map[string]object{}
	}
	s.data[e.name][id] = row
	if e.unstored != "" && (given || !updating) { // a PATCH without it leaves it
		e.stored(s, list, row["id"])
	}
	return nil
}

func (e *entity) validate(row object, updating bool) violations {
	if e.pick != nil {
		if errs := e.pick(row); errs != nil {
			return errs
		}
	}
	return validateRecord(e.fields, e.checks, row, updating)
}

func unsupported(verb string, e *entity) *reply {
	return failure(405, 12, "operation unsupported", "cannot "+verb+" '"+e.name+"' entities when not using a database", nil)
}

func (s *Sim) uniqueAmong(e *entity, row object) *reply {
	for _, f := range e.fields {
		if !f.unique || row[f.name] == nil {
			continue
		}
		for _, other := range s.data[e.name] {
			if other["id"] != row["id"] && other[f.name] == row[f.name] {
				return uniqueViolation(object{f.name: row[f.name]})
			}
		}
	}
	for _, names := range e.uniques {
		key := object{}
		for _, n := range names {
			key[n] = row[n]
		}
		for _, other := range s.data[e.name] {
			same := other["id"] != row["id"]
			for _, n := range names {
				same = same && string(encode(other[n])) == string(encode(row[n]))
			}
			if same {
				return uniqueViolation(key)
			}
		}
	}
	return nil
}

// remove deletes a row with what goes with it, or says what keeps it.
func (s *Sim) remove(e *entity, row object) *reply {
	if e.dying != nil {
		if refused := e.dying(s, row); refused != nil {
			return refused
		}
	}
	var doomed []func() *reply
	for _, child := range s.entities {
		for _, f := range child.fields {
			if f.kind != foreign || f.ref != e.name {
				continue
			}
			for _, c := range s.data[child.name] {
				ref, _ := c[f.name].(object)
				if ref["id"] != row["id"] {
					continue
				}
				if !f.cascade {
					return referenced(child.name, e.name)
				}
				doomed = append(doomed, func() *reply { return s.remove(child, c) })
			}
		}
	}
	if s.dbless {
		return unsupported("remove", e)
	}
	for _, kill := range doomed {
		kill()
	}
	delete(s.data[e.name], asString(row["id"]))
	return nil
}
