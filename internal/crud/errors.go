package crud

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
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
// line, and what to do, with the secrets of the context (see Guard) masked.
// Errors that are joined without a sentence of their own are reported one by one.
func Report(ctx context.Context, diags *diag.Diagnostics, summary string, err error) {
	if parts := joined(err); parts != nil {
		for _, e := range parts {
			Report(ctx, diags, summary, e)
		}
		return
	}
	detail := err.Error()
	var hinting interface{ Hint() string }
	if errors.As(err, &hinting) && hinting.Hint() != "" {
		detail += "\n\n" + hinting.Hint()
	}
	detail = mask.In(ctx).Text(detail)
	var at *attributeError
	if errors.As(err, &at) {
		diags.AddAttributeError(at.path, summary, detail)
		return
	}
	diags.AddError(summary, detail)
}

// joined takes apart what errors.Join has put together. An error that wraps
// several and says more than they do stays whole: what it says matters most.
func joined(err error) []error {
	wrapper, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(wrapper.Unwrap()...) == nil || errors.Join(wrapper.Unwrap()...).Error() != err.Error() {
		return nil
	}
	return wrapper.Unwrap()
}
