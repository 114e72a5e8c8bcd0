package api

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
)

const (
	// onceTries bounds how often a create is sent: again only after a look that
	// found nothing.
	onceTries = 3
	// lookTimeout bounds the look after a create in a run that was interrupted.
	lookTimeout = 15 * time.Second
)

// Once is a create that must bring about one object, although the system
// chooses the id and answers get lost. When one is lost it looks before it
// sends again, and takes what it finds for its own only if it can be nothing else.
type Once[T any] struct {
	What string // for messages: `the project "a"`
	Send func(context.Context) (T, error)
	// Look finds an object by what nothing else can have at the same time, such
	// as a name; a missing one is an error that wraps ErrNotFound.
	Look func(context.Context) (T, error)
	// Conflict tells the refusal of something that is there already, which
	// after a lost answer may be our own.
	Conflict func(error) bool
	// Mine reports whether what was found was made by this run, as far as can
	// be told, and Same whether it is what Send asks for. Where there are none
	// Look finds nothing else.
	Mine func(found T) bool
	Same func(ctx context.Context, found T) (bool, error)
	// Taken is the error when what was found is someone else's.
	Taken func(found T, lost error) error
	// Hopeless returns why it is of no use to send again, or nil.
	Hopeless func(ctx context.Context, err error) error
	// Wait is before the first look, a second when zero; it grows.
	Wait time.Duration
}

// Do sends the create and returns the one object that comes of it.
func (o Once[T]) Do(ctx context.Context) (T, error) {
	var none T
	var lost error // the first failure after which the object may exist
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval = cmp.Or(o.Wait, time.Second)
	for try := 1; ; try++ {
		made, err := o.Send(ctx)
		switch {
		case err == nil:
			return made, nil
		case lost == nil && Ambiguous(err):
			lost = err
		case !Ambiguous(err) && (lost == nil || o.Conflict == nil || !o.Conflict(err)):
			return none, err
		}
		_ = pause(ctx, waits.NextBackOff()) // the server may still be at it; interrupted, the look is all the more urgent
		found, missing := o.look(ctx)
		switch {
		case missing == nil:
			return o.adopt(ctx, found, lost)
		case !IsNotFound(missing):
			return none, &UndecidedError{o.What, lost, missing}
		case ctx.Err() != nil || try == onceTries:
			return none, err
		}
		if o.Hopeless != nil {
			if why := o.Hopeless(ctx, err); why != nil {
				return none, why
			}
		}
	}
}

// look looks in an interrupted run too: whether the object is there decides
// what Terraform must know.
func (o Once[T]) look(ctx context.Context) (T, error) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
		defer cancel()
	}
	return o.Look(Looking(ctx))
}

func (o Once[T]) adopt(ctx context.Context, found T, lost error) (T, error) {
	var none T
	if o.Mine != nil && !o.Mine(found) {
		return none, o.Taken(found, lost)
	}
	if o.Same == nil {
		return found, nil
	}
	same, err := o.Same(context.WithoutCancel(ctx), found)
	if err != nil || !same {
		return none, o.Taken(found, lost)
	}
	return found, nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// UndecidedError is a create of which nobody can tell whether it has worked.
type UndecidedError struct {
	What         string
	Lost, Looked error
}

// Error names both failures.
func (e *UndecidedError) Error() string {
	return fmt.Sprintf("the create of %s may have worked: %v; looking for it failed as well: %v", e.What, e.Lost, e.Looked)
}

// Unwrap returns both failures.
func (e *UndecidedError) Unwrap() []error { return []error{e.Lost, e.Looked} }
