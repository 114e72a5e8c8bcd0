package kubeadm

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// A setting of the kubelet is named by its JSON pointer (RFC 6901), since names
// can contain dots: /evictionHard/memory.available.

// MergeKubelet changes a KubeletConfiguration (of ConfigMap kubelet-config or a
// machine's config.yaml) to what is wanted: settings that are owned and no
// longer wanted go, all others stay.
func MergeKubelet(stored, want []byte, owned []string) ([]byte, error) {
	fields, err := kubeletFields(stored)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, errors.New("KubeletConfiguration: the stored one is empty")
	}
	wanted, err := kubeletFields(want)
	if err != nil {
		return nil, err
	}
	for _, pointer := range owned {
		remove(fields, tokens(pointer))
	}
	merge(fields, wanted)
	return yaml.Marshal(fields)
}

// KubeletFields name the settings in a wanted KubeletConfiguration, for the
// annotation OwnedAnnotation of ConfigMap kubelet-config.
func KubeletFields(want []byte) ([]string, error) {
	fields, err := kubeletFields(want)
	return pointers("", fields), err
}

func kubeletFields(document []byte) (map[string]any, error) {
	var fields map[string]any
	if err := yaml.Unmarshal(document, &fields); err != nil {
		return nil, fmt.Errorf("KubeletConfiguration: %w", err)
	}
	return fields, nil
}

// kubelet is what is wanted of the kubelets' configuration, beside what the
// cluster has stored.
type kubelet struct {
	want    map[string]any
	owns    []string // the settings that are wanted
	stale   []string // settings that are ours and no longer wanted
	changed bool     // whether the stored configuration is not as wanted
}

func newKubelet(want, stored []byte, owned []string) (kubelet, error) {
	wanted, err := kubeletFields(want)
	if err != nil {
		return kubelet{}, err
	}
	k := kubelet{want: wanted, owns: pointers("", wanted)}
	for _, pointer := range owned {
		if !slices.Contains(k.owns, pointer) {
			k.stale = append(k.stale, pointer)
		}
	}
	k.changed = k.differs(stored)
	return k, nil
}

// differs reports whether a configuration is not as wanted; one that was not
// observed is taken to be.
func (k kubelet) differs(document []byte) bool {
	fields, err := kubeletFields(document)
	if err != nil || fields == nil {
		return false
	}
	stale := slices.ContainsFunc(k.stale, func(pointer string) bool { return has(fields, tokens(pointer)) })
	return stale || !covers(fields, k.want)
}

// pointers name the settings of an object, sorted.
func pointers(prefix string, fields map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		pointer := prefix + "/" + escape.Replace(name)
		if object, ok := fields[name].(map[string]any); ok && len(object) > 0 {
			names = append(names, pointers(pointer, object)...)
			continue
		}
		names = append(names, pointer)
	}
	return names
}

var (
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
)

func tokens(pointer string) []string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i := range parts {
		parts[i] = unescape.Replace(parts[i])
	}
	return parts
}

func has(fields map[string]any, path []string) bool {
	value, ok := fields[path[0]]
	if !ok || len(path) == 1 {
		return ok
	}
	object, _ := value.(map[string]any)
	return has(object, path[1:])
}

// remove takes a setting away, and the objects that it leaves empty.
func remove(fields map[string]any, path []string) {
	if len(path) == 1 {
		delete(fields, path[0])
		return
	}
	object, ok := fields[path[0]].(map[string]any)
	if !ok {
		return
	}
	remove(object, path[1:])
	if len(object) == 0 {
		delete(fields, path[0])
	}
}

// merge sets every setting of an object, object by object.
func merge(to, from map[string]any) {
	for name, value := range from {
		object, isObject := value.(map[string]any)
		inner, exists := to[name].(map[string]any)
		if isObject && exists {
			merge(inner, object)
			continue
		}
		to[name] = value
	}
}

// covers reports whether a value has all that is wanted. Durations compare by
// meaning: the API writes 5m as 5m0s.
func covers(have, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := have.(map[string]any)
		for name, value := range want {
			inner, there := object[name]
			if !there || !covers(inner, value) {
				return false
			}
		}
		return ok
	case string:
		text, ok := have.(string)
		return ok && (text == want || sameDuration(text, want))
	}
	return reflect.DeepEqual(have, want)
}

func sameDuration(a, b string) bool {
	x, errX := time.ParseDuration(a)
	y, errY := time.ParseDuration(b)
	return errX == nil && errY == nil && x == y
}
