package plan

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// decode gives the value of a JSON text that is known to be valid, with numbers
// as they are written.
func decode(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return nil
	}
	return v
}

// at gives a child of a tree of flags. A flag on the whole holds for every part.
func at(flags any, key any) any {
	switch f := flags.(type) {
	case bool:
		return f
	case map[string]any:
		if name, ok := key.(string); ok {
			return f[name]
		}
	case []any:
		if i, ok := key.(int); ok && i < len(f) {
			return f[i]
		}
	}
	return nil
}

// anyTrue reports whether a tree of flags has one set.
func anyTrue(flags any) bool {
	switch f := flags.(type) {
	case bool:
		return f
	case map[string]any:
		for _, child := range f {
			if anyTrue(child) {
				return true
			}
		}
	case []any:
		for _, child := range f {
			if anyTrue(child) {
				return true
			}
		}
	}
	return false
}

func same(a, b any) bool { return reflect.DeepEqual(a, b) }
