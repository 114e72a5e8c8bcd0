package kube

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// Owners tells who has set which fields of an object, from its
// metadata.managedFields. Defaults that the server has filled in are owned by
// nobody.
type Owners struct {
	tracked bool
	ours    bool
	mine    fieldSet
	anyone  fieldSet
}

// fieldSet is a decoded FieldsV1 of structured-merge-diff: keys "f:name" lead to
// fields, "k:{…}" and "v:…" to elements of lists.
type fieldSet map[string]any

// Owners reads the field managers of o.
func (c *Client) Owners(o *Object) Owners {
	w := Owners{mine: fieldSet{}, anyone: fieldSet{}}
	for _, entry := range managedFields(o) {
		if entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		var fields fieldSet
		if err := json.Unmarshal(entry.FieldsV1.Raw, &fields); err != nil {
			continue // a format of the future: what it says is not for us
		}
		w.tracked = true
		w.anyone.merge(fields)
		if entry.Manager == c.config.FieldManager {
			w.ours = true
			w.mine.merge(fields)
		}
	}
	return w
}

// managedFields reads metadata.managedFields as far as it is what it should be.
// The object's own method prints what is not to the terminal.
func managedFields(o *Object) (entries []metav1.ManagedFieldsEntry) {
	all, _, _ := unstructured.NestedFieldNoCopy(o.Object, "metadata", "managedFields")
	list, _ := all.([]any)
	for _, item := range list {
		fields, _ := item.(map[string]any)
		var entry metav1.ManagedFieldsEntry
		if fields != nil && runtime.DefaultUnstructuredConverter.FromUnstructured(fields, &entry) == nil {
			entries = append(entries, entry)
		}
	}
	return entries
}

// Mine reports whether the client's field manager owns a field.
func (w Owners) Mine(path ...string) bool { return w.mine.has(path) }

// Declared reports whether a field was set on purpose: by the client's field
// manager where it has had a hand in the object, by anyone where it has not.
func (w Owners) Declared(path ...string) bool {
	switch {
	case w.ours:
		return w.mine.has(path)
	case w.tracked:
		return w.anyone.has(path)
	}
	return true // written past the API server's bookkeeping: nothing is known
}

// Ours reports whether the client's field manager has had a hand in the object.
func (w Owners) Ours() bool { return w.ours }

// has reports whether the set has a field. What lies below an atomic field is
// owned with it, without being named; below labels and annotations every key
// is.
func (s fieldSet) has(path []string) bool {
	at := map[string]any(s)
	for i, name := range path {
		next, ok := at["f:"+name].(map[string]any)
		if !ok {
			return i > 1 && len(at) == 0 && path[0] != "metadata"
		}
		at = next
	}
	return true
}

func (s fieldSet) merge(other map[string]any) {
	for name, fields := range other {
		theirs, ok := fields.(map[string]any)
		if !ok {
			continue
		}
		mine, ok := s[name].(map[string]any)
		if !ok {
			mine = map[string]any{}
			s[name] = mine
		}
		fieldSet(mine).merge(theirs)
	}
}
