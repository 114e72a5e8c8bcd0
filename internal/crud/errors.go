package crud

import (
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// incompleteError is an object that exists although its creation failed.
type incompleteError struct{ error }

func (e *incompleteError) Unwrap() error { return e.error }

// Incomplete marks the error of a create after which the object exists: it is
// recorded as tainted, and replaced by the next apply.
func Incomplete(err error) error {
	if err == nil {
		return nil
	}
	return &incompleteError{err}
}

// attributeError is an error that one attribute has caused.
type attributeError struct {
	path path.Path
	error
}

func (e *attributeError) Unwrap() error { return e.error }

// At points err at the attribute that has caused it.
func At(p path.Path, err error) error {
	if err == nil {
		return nil
	}
	return &attributeError{p, err}
}

// Report adds err under a summary: the cause in the system's own words, a blank
// line, and what to do. Joined errors are reported one by one.
func Report(diags *diag.Diagnostics, summary string, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			Report(diags, summary, e)
		}
		return
	}
	detail := err.Error()
	var hinting interface{ Hint() string }
	if errors.As(err, &hinting) && hinting.Hint() != "" {
		detail += "\n\n" + hinting.Hint()
	}
	var at *attributeError
	if errors.As(err, &at) {
		diags.AddAttributeError(at.path, summary, detail)
		return
	}
	diags.AddError(summary, detail)
}
