package kube

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
)

// nameError is a name that no object can have. Servers, and clients before them,
// would take some for steps of a path: another object would be meant.
type nameError struct {
	what, name string
	reasons    []string
}

// Error names the name and what is wrong with it.
func (e *nameError) Error() string {
	return fmt.Sprintf("%q is no %s: it %s", e.name, e.what, strings.Join(e.reasons, ", and "))
}

// checkNames refuses what must not stand in a path. The other rules are the
// server's to tell.
func (o operation) checkNames() error {
	if o.verb != "list" && o.key.Name == "" {
		return &nameError{"name of an object", "", []string{"is empty"}}
	}
	if reasons := rest.IsValidPathSegmentName(o.key.Name); len(reasons) > 0 {
		return &nameError{"name of an object", o.key.Name, reasons}
	}
	if reasons := rest.IsValidPathSegmentName(o.key.Namespace); len(reasons) > 0 {
		return &nameError{"namespace", o.key.Namespace, reasons}
	}
	return nil
}

// strangerError is a success with something else in it than was asked for.
type strangerError struct{ got string }

func (e *strangerError) Error() string { return "gave " + e.got + " instead" }

// checkObject holds an object against what was asked for.
func (o operation) checkObject(got *Object) error {
	key := o.key
	if !o.kind.Namespaced {
		key.Namespace = ""
	}
	version := o.kind.GroupVersion().String()
	if got.GetKind() == o.kind.Kind && got.GetAPIVersion() == version && (Key{got.GetNamespace(), got.GetName()}) == key {
		return nil
	}
	return &strangerError{whatIs(got)}
}

// checkList holds a listing against what was asked for.
func (o operation) checkList(got *unstructured.UnstructuredList) error {
	if got.GetKind() != o.kind.Kind+"List" || got.GetAPIVersion() != o.kind.GroupVersion().String() {
		return &strangerError{whatIs(&Object{Object: got.Object})}
	}
	for i := range got.Items {
		item := &got.Items[i]
		asked := o
		asked.key = Key{orElse(o.key.Namespace, item.GetNamespace()), item.GetName()}
		if item.GetName() == "" || asked.checkObject(item) != nil {
			return &strangerError{"a list with " + whatIs(item) + " in it"}
		}
	}
	return nil
}

func whatIs(o *Object) string {
	if o.GetKind() == "" && o.GetName() == "" {
		return "something that is no object"
	}
	return fmt.Sprintf("%s %q of %s", orElse(o.GetKind(), "an object"), Key{o.GetNamespace(), o.GetName()}, orElse(o.GetAPIVersion(), "no version"))
}
