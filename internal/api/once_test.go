package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

var (
	errLost     = &Error{System: "harbor", Status: 502}
	errConflict = &Error{System: "harbor", Status: 409}
	errRefused  = &Error{System: "harbor", Status: 400}
	errNone     = &Error{System: "harbor", Status: 404, Err: ErrNotFound}
	errForeign  = errors.New("someone else's")
)

func TestOnce(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		sends  []error // the answers, the last one again and again; nil for 7, the object that was made
		looks  []error // nil for 7
		change func(*Once[int])
		want   error // nil for 7
		sent   int
		looked int
	}{
		"made":                         {sends: []error{nil}, sent: 1},
		"refused":                      {sends: []error{errRefused}, want: errRefused, sent: 1},
		"a conflict at once":           {sends: []error{errConflict}, want: errConflict, sent: 1},
		"lost and there":               {sends: []error{errLost}, looks: []error{nil}, sent: 1, looked: 1},
		"lost and not there":           {sends: []error{errLost, nil}, looks: []error{errNone}, sent: 2, looked: 1},
		"lost, and seen late":          {sends: []error{errLost, errConflict}, looks: []error{errNone, nil}, sent: 2, looked: 2},
		"lost, then refused":           {sends: []error{errLost, errRefused}, looks: []error{errNone}, want: errRefused, sent: 2, looked: 1},
		"lost for ever":                {sends: []error{errLost}, looks: []error{errNone}, want: errLost, sent: 3, looked: 3},
		"lost, and nobody can look":    {sends: []error{errLost}, looks: []error{errRefused}, want: errRefused, sent: 1, looked: 1},
		"not mine":                     {sends: []error{errLost}, looks: []error{nil}, change: func(o *Once[int]) { o.Mine = func(int) bool { return false } }, want: errForeign, sent: 1, looked: 1},
		"another":                      {sends: []error{errLost}, looks: []error{nil}, change: func(o *Once[int]) { o.Same = same(false, nil) }, want: errForeign, sent: 1, looked: 1},
		"cannot be compared":           {sends: []error{errLost}, looks: []error{nil}, change: func(o *Once[int]) { o.Same = same(true, errRefused) }, want: errForeign, sent: 1, looked: 1},
		"hopeless":                     {sends: []error{errLost}, looks: []error{errNone}, change: func(o *Once[int]) { o.Hopeless = hopeless }, want: errRefused, sent: 1, looked: 1},
		"there, and hopeless if not":   {sends: []error{errLost}, looks: []error{nil}, change: func(o *Once[int]) { o.Hopeless = hopeless }, sent: 1, looked: 1},
		"what is looked for is unique": {sends: []error{errLost}, looks: []error{nil}, change: func(o *Once[int]) { o.Mine, o.Same, o.Conflict = nil, nil, nil }, sent: 1, looked: 1},
		"no conflict is known":         {sends: []error{errLost, errConflict}, looks: []error{errNone}, change: func(o *Once[int]) { o.Conflict = nil }, want: errConflict, sent: 2, looked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sent, looked := 0, 0
				answer := func(n *int, answers []error) func(context.Context) (int, error) {
					return func(context.Context) (int, error) {
						err := answers[min(*n, len(answers)-1)]
						*n++
						return 7, err
					}
				}
				o := Once[int]{
					What: "the object", Send: answer(&sent, tt.sends), Look: answer(&looked, tt.looks),
					Conflict: func(err error) bool { return errors.Is(err, errConflict) },
					Mine:     func(int) bool { return true }, Same: same(true, nil),
					Taken: func(found int, lost error) error {
						if found != 7 || !errors.Is(lost, errLost) {
							t.Errorf("found %d after %v", found, lost)
						}
						return errForeign
					},
				}
				if tt.change != nil {
					tt.change(&o)
				}
				got, err := o.Do(t.Context())
				if !errors.Is(err, tt.want) || err == nil && got != 7 {
					t.Errorf("got %d, %v, want %v", got, err, tt.want)
				}
				if sent != tt.sent || looked != tt.looked {
					t.Errorf("sent %d times and looked %d times, want %d and %d", sent, looked, tt.sent, tt.looked)
				}
			})
		})
	}
}

func same(same bool, err error) func(context.Context, int) (bool, error) {
	return func(ctx context.Context, _ int) (bool, error) { return same, errors.Join(err, ctx.Err()) }
}

func hopeless(context.Context, error) error { return errRefused }

// A run that is interrupted does not wait, and still looks.
func TestOnceInterrupted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		begin := time.Now()
		got, err := Once[int]{
			Send: func(context.Context) (int, error) { interrupt(); return 0, errLost },
			Look: func(ctx context.Context) (int, error) { return 7, ctx.Err() },
			Same: same(true, nil),
		}.Do(ctx)
		if got != 7 || err != nil || time.Since(begin) != 0 {
			t.Errorf("got %d, %v after %s", got, err, time.Since(begin))
		}
	})
}
