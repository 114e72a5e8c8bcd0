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

const (
	// createTries bounds how often a create is sent: again only after a look
	// that found nothing.
	createTries = 3
	// clockSlack allows for the seconds that the Date header rounds to.
	clockSlack = 2 * time.Second
	// lookTimeout bounds the look after a create in a run that was interrupted.
	lookTimeout = 15 * time.Second
)

// createWait is between two tries of a create. A variable so that tests need not wait.
var createWait = time.Second

// creation is a create that must happen once although Harbor gives ids only
// after the fact and answers get lost.
type creation[T any] struct {
	kind, name string
	send       func(context.Context) (id int64, err error)
	// find looks for the object by its exact name; a missing one wraps ErrNotFound.
	find func(context.Context) (T, error)
	id   func(T) int64
	made func(T) time.Time
	same func(T) bool // is it what send asks for?
}

// run sends the create. When the answer is lost it looks the object up by its
// name before it sends again, and takes what it finds for its own only when it
// was made since, as asked for.
func (c creation[T]) run(ctx context.Context, client *Client) (int64, error) {
	// A failed check of the credentials is no create that may have worked.
	if err := client.loggedIn(ctx, api.ToWrite); err != nil {
		return 0, err
	}
	started := time.Now()
	var lost error // the first failure after which the object may exist
	for try := 1; ; try++ {
		id, err := c.send(ctx)
		switch {
		case err == nil:
			return id, nil
		case !api.Ambiguous(err) && (lost == nil || !isConflict(err)):
			return 0, c.taken(err)
		case lost == nil:
			lost = err
		}
		found, looked := c.look(ctx)
		switch {
		case looked == nil:
			return c.adopt(found, started, client.clock, lost)
		case !api.IsNotFound(looked):
			return 0, c.undecided(lost, looked)
		case try == createTries || ctx.Err() != nil || isInternal(err):
			return 0, err
		}
		select {
		case <-time.After(createWait * time.Duration(try)):
		case <-ctx.Done():
		}
	}
}

// look finds the object, in an interrupted run too: whether it is there decides
// what Terraform must know.
func (c creation[T]) look(ctx context.Context) (T, error) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
		defer cancel()
	}
	return c.find(ctx)
}

func (c creation[T]) adopt(found T, started time.Time, clock *clock, lost error) (int64, error) {
	since, known := clock.at(started)
	if known && !c.made(found).Before(since.Add(-clockSlack)) && c.same(found) {
		return c.id(found), nil
	}
	return 0, &api.Error{
		System: "harbor", Err: fmt.Errorf("a %s named %q exists and is not the one this run asked for (%w)", c.kind, c.name, lost),
		Advice: "Someone else made it. " + c.importIt(),
	}
}

func (c creation[T]) undecided(lost, looked error) error {
	return &api.Error{
		System: "harbor",
		Err:    fmt.Errorf("the create of %s %q may have worked: %w; looking for it failed as well: %w", c.kind, c.name, lost, looked),
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
		strings.ReplaceAll(c.kind, " ", "_"), c.name)
}

func statusOf(err error) int {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func isConflict(err error) bool { return statusOf(err) == http.StatusConflict }

// isInternal tells a 500: Harbor uses it for mistakes that no repetition mends.
func isInternal(err error) bool { return statusOf(err) == http.StatusInternalServerError }

// contended repeats a write that Harbor refuses with the given status while
// someone else writes to the same object.
func contended(ctx context.Context, status int, write func() error) error {
	for try := 1; ; try++ {
		err := write()
		if err == nil || statusOf(err) != status || try == createTries {
			return err
		}
		select {
		case <-time.After(createWait / 4 * time.Duration(try)):
		case <-ctx.Done():
			return err
		}
	}
}
