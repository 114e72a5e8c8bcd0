package harborapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// clockSlack allows for the seconds that the Date header rounds to.
const clockSlack = 2 * time.Second

// createWait is between two tries of a create. A variable so that tests need not wait.
var createWait = time.Second

// creation is a create of an object that Harbor gives a number to, which it
// tells only in its answer.
type creation[T any] struct {
	kind, importID string
	request        request
	of             func(*T) object
	// find looks for the object by its exact name; a missing one wraps ErrNotFound.
	find func(context.Context) (*T, error)
	same func(*T) bool // is it what the request asks for?
}

// run sends the create, and again only where the one before has made nothing.
// What it finds under the name is its own only when it was made since, as asked for.
func (c creation[T]) run(ctx context.Context, client *Client) (int64, error) {
	// A failed check of the credentials is no create that may have worked.
	if err := client.loggedIn(ctx, api.ToWrite); err != nil {
		return 0, err
	}
	started := time.Now()
	made, err := api.Once[sighting[T]]{
		What: fmt.Sprintf("%s %q", c.kind, c.importID), Wait: createWait,
		Send: func(ctx context.Context) (sighting[T], error) {
			header, err := client.send(ctx, c.request, nil)
			if err != nil {
				return sighting[T]{}, err
			}
			id, err := idOf(header)
			return sighting[T]{id: id}, err
		},
		Look: func(ctx context.Context) (sighting[T], error) {
			found, err := c.find(ctx)
			if err != nil {
				return sighting[T]{}, err
			}
			return sighting[T]{c.of(found).id, found}, nil
		},
		Conflict: isConflict,
		Mine: func(s sighting[T]) bool {
			since, known := client.clock.at(started)
			return known && !c.of(s.found).made.Before(since.Add(-clockSlack))
		},
		Same:  func(_ context.Context, s sighting[T]) (bool, error) { return c.same(s.found), nil },
		Taken: func(_ sighting[T], lost error) error { return c.foreign(lost) },
		// Harbor uses 500 for mistakes that no repetition mends.
		Hopeless: func(_ context.Context, err error) error {
			if statusOf(err) == http.StatusInternalServerError {
				return err
			}
			return nil
		},
	}.Do(ctx)
	var undecided *api.UndecidedError
	if errors.As(err, &undecided) {
		return 0, c.undecided(err)
	}
	return made.id, c.taken(err)
}

// sighting is an object that was made, of which only the number is known, or found.
type sighting[T any] struct {
	id    int64
	found *T
}

func (c creation[T]) foreign(lost error) error {
	return &api.Error{
		System: "harbor", Err: fmt.Errorf("a %s named %q exists and is not the one this run asked for (%w)", c.kind, c.importID, lost),
		Advice: "Someone else made it. " + c.importIt(),
	}
}

func (c creation[T]) undecided(err error) error {
	return &api.Error{
		System: "harbor", Err: err,
		Advice: fmt.Sprintf("Once Harbor answers again, look for the %s. If it is not there, run again. ", c.kind) + c.importIt(),
	}
}

// taken adds to Harbor's word that a name is taken what to do about it.
func (c creation[T]) taken(err error) error {
	var e *api.Error
	if isConflict(err) && errors.As(err, &e) {
		e.Advice = c.importIt()
	}
	return err
}

// importIt is how to manage the object that is there.
func (c creation[T]) importIt() string {
	return fmt.Sprintf("To manage the existing one, import it:\n\n  terraform import onprem_harbor_%s.<label> '%s'\n\nOtherwise choose another name.",
		strings.ReplaceAll(c.kind, " ", "_"), c.importID)
}

func statusOf(err error) int {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func isConflict(err error) bool { return statusOf(err) == http.StatusConflict }

// contendedTries bounds the tries of a write that meets others.
const contendedTries = 3

// contended repeats a write that Harbor refuses with the given status while
// someone else writes to the same object.
func contended(ctx context.Context, status int, write func() error) error {
	for try := 1; ; try++ {
		err := write()
		if err == nil || statusOf(err) != status || try == contendedTries {
			return err
		}
		select {
		case <-time.After(createWait / 4 * time.Duration(try)):
		case <-ctx.Done():
			return err
		}
	}
}
