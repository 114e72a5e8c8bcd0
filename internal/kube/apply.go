package kube

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ApplyOptions are the choices of a server-side apply.
type ApplyOptions struct {
	// Force takes fields from other managers instead of reporting a conflict.
	Force bool
}

// Create applies an object that must not be someone else's: one that exists is
// an *ExistsError unless the client's field manager has had a hand in it (a run that
// was killed) or options.Force is set. Apply itself cannot say "only create".
func (c *Client) Create(ctx context.Context, kind Kind, o *Object, options ApplyOptions) (*Object, error) {
	if err := c.guard(kind, o.GetNamespace()).admit(ctx, o.GetName(), options); err != nil {
		return nil, err
	}
	return c.Apply(ctx, kind, o, options)
}

// Apply makes the fields of o true, creates the object if it is missing, and
// returns it as it is now. Fields that an earlier apply has set and o lacks
// are given up: the server removes them unless another manager owns them too.
// When o has a uid, an object that has been deleted or replaced meanwhile is an
// error.
//
// The answer serves the next Get of the object.
func (c *Client) Apply(ctx context.Context, kind Kind, o *Object, options ApplyOptions) (*Object, error) {
	key := Key{o.GetNamespace(), o.GetName()}
	o = o.DeepCopy()
	o.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind))
	body, err := o.MarshalJSON()
	if err != nil {
		return nil, err
	}
	patch := metav1.PatchOptions{FieldManager: c.config.FieldManager, Force: &options.Force, FieldValidation: metav1.FieldValidationStrict}

	var applied *Object
	op := operation{"apply", kind, key}
	err = c.do(ctx, op, func(ctx context.Context) (err error) {
		if applied, err = c.resource(kind, key.Namespace).Patch(ctx, key.Name, types.ApplyPatchType, body, patch); err == nil {
			err = op.checkObject(applied)
		}
		return err
	})
	if err != nil {
		c.shared(kind, key.Namespace).Drop(key.Name) // it may have been applied all the same
		return nil, err
	}
	c.shared(kind, key.Namespace).Store(key.Name, applied)
	return applied, nil
}
