package harborapi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// reader reads an answer; it returns whether what has passed is what was asked for.
type reader struct {
	asks string
	read func(ctx context.Context, c *Client) (bool, error)
	// fine are answers among faulty.Others that do answer the question.
	fine []string
}

// readers are everything in the client that reads an answer.
var readers = map[string]reader{
	"version": {asks: "the information about Harbor", read: func(ctx context.Context, c *Client) (bool, error) {
		v, err := c.readVersion(ctx)
		return v != "", err
	}},
	"project by name": {asks: `the project "a"`, read: func(ctx context.Context, c *Client) (bool, error) {
		p, err := c.readProject(ctx, projectKey{name: "a"})
		return p.Name == "a" && p.ProjectID != 0, err
	}},
	"project by number": {asks: "the project 3", read: func(ctx context.Context, c *Client) (bool, error) {
		p, err := c.readProject(ctx, projectKey{id: 3})
		return p.ProjectID == 3 && p.Name != "", err
	}},
	"projects": {asks: "a list of projects", fine: []string{`[]`}, read: func(ctx context.Context, c *Client) (bool, error) {
		all, err := c.Projects(ctx)
		return !slices.ContainsFunc(all, func(p *Project) bool { return p == nil || p.Name == "" }), err
	}},
	"storage limit": {asks: `the summary of the project "a"`, read: func(ctx context.Context, c *Client) (bool, error) {
		_, err := c.readLimit(ctx, "a")
		return true, err
	}},
	"storage limits": {asks: "a list of quotas", fine: []string{`[]`}, read: func(ctx context.Context, c *Client) (bool, error) {
		_, err := c.limits.All(ctx)
		return true, err
	}},
	"quota of a project": {asks: `the project "a"`, read: func(ctx context.Context, c *Client) (bool, error) {
		return true, c.SetStorageLimit(ctx, "a", new(int64(5)))
	}},
	"default limit": {asks: "the configuration of Harbor", read: func(ctx context.Context, c *Client) (bool, error) {
		_, err := c.defaultLimit(ctx)
		return true, err
	}},
	"changed project": {asks: "nothing", read: func(ctx context.Context, c *Client) (bool, error) {
		return true, c.UpdateProject(ctx, "a", ProjectUpdate{Remove: []string{"severity"}})
	}},
	"deleted project": {asks: "nothing", read: func(ctx context.Context, c *Client) (bool, error) { return true, c.DeleteProject(ctx, "a") }},
}

func init() {
	addReaders(readers, "registry", "registries", func(c *Client) *Collection[Registry] { return c.Registries })
	addReaders(readers, "replication policy", "replication policies", func(c *Client) *Collection[ReplicationPolicy] { return c.ReplicationPolicies })
	addReaders(readers, "label", "labels", func(c *Client) *Collection[Label] { return c.Labels.In(3) })
}

// addReaders adds those of a collection.
func addReaders[T any](all map[string]reader, one, many string, in func(*Client) *Collection[T]) {
	all[one] = reader{asks: "the " + one + " 3", read: func(ctx context.Context, c *Client) (bool, error) {
		found, err := in(c).read(ctx, 3)
		return in(c).of(found).id == 3, err
	}}
	all[many] = reader{asks: "a list of " + many, fine: []string{`[]`}, read: func(ctx context.Context, c *Client) (bool, error) {
		found, err := in(c).All(ctx)
		return !slices.ContainsFunc(found, func(item *T) bool { return item == nil || in(c).of(item).id <= 0 }), err
	}}
	all[one+" by name"] = reader{asks: "a list of " + many, read: func(ctx context.Context, c *Client) (bool, error) {
		found, err := in(c).Named(ctx, "a")
		if api.IsNotFound(err) {
			err = fmt.Errorf("a list of %s without one: %w", many, errNotListed)
		}
		return err != nil || in(c).of(found).name == "a", err
	}}
	all["changed "+one] = reader{asks: cmp.Or(map[string]string{"replication policy": "the replication policy 3"}[one], "nothing"), read: func(ctx context.Context, c *Client) (bool, error) {
		var change any = map[string]any{}
		if one == "replication policy" {
			change = ReplicationPolicy{}
		}
		return true, in(c).Update(ctx, 3, change)
	}}
	all["deleted "+one] = reader{asks: "nothing", read: func(ctx context.Context, c *Client) (bool, error) { return true, in(c).Delete(ctx, 3) }}
}

var errNotListed = errors.New("not listed")

// answered is a client that gets the same answer to everything.
func answered(tb testing.TB, answer *faulty.Answer) *Client {
	tb.Helper()
	c, err := New(Config{HTTP: api.Config{
		URL: "http://harbor.example.internal", MaxRetries: -1,
		Base: faulty.Answers(func(*http.Request) faulty.Answer { return *answer }),
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// What is not what was asked for is not taken for it, whatever its status.
func TestAnswersOfSomethingElse(t *testing.T) {
	t.Parallel()
	for name, r := range readers {
		for _, body := range faulty.Others {
			_, err := r.read(t.Context(), answered(t, &faulty.Answer{Body: body}))
			switch {
			case slices.Contains(r.fine, body):
				if err != nil {
					t.Errorf("%s, %s: %v", name, body, err)
				}
			case errors.Is(err, errNotListed) && body == `[]`:
			case err == nil || !strings.Contains(err.Error(), r.asks):
				t.Errorf("%s, %s: %v, want %q", name, body, err, r.asks)
			case api.IsNotFound(err) || !strings.Contains(hint(err), "`url`"):
				t.Errorf("%s, %s: %v: hint %q", name, body, err, hint(err))
			}
		}
	}
}

// A count that no listing can have is an error; one that promises too much, or nothing, is not believed.
func TestCounts(t *testing.T) {
	t.Parallel()
	page := func(from, n int) string {
		var labels []string
		for i := range n {
			labels = append(labels, fmt.Sprintf(`{"id":%d,"name":"l%d"}`, from+i, from+i))
		}
		return "[" + strings.Join(labels, ",") + "]"
	}
	at := func(r *http.Request) (n int) {
		_, _ = fmt.Sscan(r.URL.Query().Get("page"), &n)
		return n
	}
	for _, tt := range []struct {
		name, count string
		answer      func(page int) string
		objects     int    // of the listing
		most        int    // requests
		want        string // error
	}{
		{"negative", "-1000", func(int) string { return page(1, 100) }, 0, 1, `the header X-Total-Count: "-1000"`},
		{"huge", "9000000000000000000", func(int) string { return page(1, 100) }, 0, 1, `the header X-Total-Count: "9000000000000000000"`},
		{"no number of a machine", "100000000000000000000000", func(int) string { return page(1, 100) }, 0, 1, `the header X-Total-Count: "1000`},
		{"no number", "many", func(int) string { return page(1, 100) }, 0, 1, `the header X-Total-Count: "many"`},
		{"too many, one short page", "20000000", func(int) string { return page(1, 7) }, 7, 1, ""},
		{"too many, two pages and nothing", "20000000", func(n int) string {
			if n > 2 {
				return `[]`
			}
			return page(n*100, 100)
		}, 200, 10, ""},
		{"too many, one page again and again", "20000000", func(int) string { return page(1, 100) }, 0, 2, `the listing has no end: its page "2" repeats`},
		{"the page asked for is not looked at", "300", func(int) string { return page(1, 100) }, 0, 2, `the listing has no end: its page "2" repeats`},
		{"no count", "", func(n int) string { return page(n*100, max(0, 100-30*(n-1))) }, 170, 2, ""},
		{"no count, one page again and again", "", func(int) string { return page(1, 100) }, 0, 2, `the listing has no end: its page "2" repeats`},
		{"nothing counted", "0", func(n int) string { return page(n*100, 10) }, 10, 1, ""},
		{"as it is", "1050", func(n int) string { return page(n*100, min(100, 1050-100*(n-1))) }, 1050, 11, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requests := 0
			c, err := New(Config{HTTP: api.Config{
				URL: "http://harbor.example.internal", MaxRetries: -1, Base: faulty.Answers(func(r *http.Request) faulty.Answer {
					requests++
					return faulty.Answer{Body: tt.answer(at(r)), Header: map[string]string{totalCount: tt.count}}
				}),
			}})
			ok(t, err)
			all, err := c.Labels.All(t.Context())
			if len(all) != tt.objects || requests > tt.most {
				t.Errorf("%d labels after %d requests, want %d after at most %d", len(all), requests, tt.objects, tt.most)
			}
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			requests = 0
			for id := range int64(40) { // and single reads end, whatever the listing does
				_, _ = c.Labels.Get(t.Context(), id+100_000)
			}
			if requests > 60 {
				t.Errorf("%d requests for 40 reads", requests)
			}
		})
	}
}

// What servers take for a step up is nothing's name: it is refused unsent.
func TestStepsUpAreNoNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"..", "."} {
		sim, c := start(t)
		_, err := c.Project(t.Context(), name)
		errs := []error{err, c.DeleteProject(t.Context(), name), c.UpdateProject(t.Context(), name, ProjectUpdate{Metadata: map[string]string{"public": "true"}})}
		_, err = c.StorageLimit(t.Context(), name)
		errs = append(errs, err, c.UpdateProject(t.Context(), "library", ProjectUpdate{Remove: []string{name}}))
		for i, err := range errs {
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q is no name", name)) || hint(err) == "" || api.Ambiguous(err) || api.IsNotFound(err) {
				t.Errorf("%d: %q: %v", i, name, err)
			}
		}
		if n := sim.Count("* /**"); n > 0 {
			t.Errorf("%q was sent: %v", name, sim.Requests("* /**"))
		}
	}
}

// FuzzRead feeds an answer to every reader: none panics or hangs, and what passes is what was asked for.
func FuzzRead(f *testing.F) {
	recorded, err := faulty.Recorded("../harborsim/testdata/*/*.json")
	if err != nil || len(recorded) == 0 {
		f.Fatal("no recordings", err)
	}
	for _, body := range slices.Concat(recorded, faulty.Others) {
		f.Add(body, "1", 200)
	}
	f.Add(`[]`, "-1000", 200)
	f.Add(`[{"id":1,"name":"a"}]`, "20000000", 200)
	var answer faulty.Answer
	c := answered(f, &answer)
	f.Fuzz(func(t *testing.T, body, count string, status int) {
		answer = faulty.Answer{Body: body, Status: 200 + (status%400+400)%400, Header: map[string]string{totalCount: count}}
		for name, r := range readers {
			if strings.HasPrefix(name, "changed") && (answer.Status == http.StatusConflict || answer.Status == http.StatusNotFound) {
				continue // tried again, after a while
			}
			if is, err := r.read(t.Context(), c); err == nil && !is {
				t.Errorf("%s takes %s for what it has asked for", name, body)
			}
		}
	})
}
