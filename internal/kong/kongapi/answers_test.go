package kongapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

const someID = "1d6f7c0a-8b1e-4a53-b9d2-0f5e6a7c8d21"

// readers are everything in the client that reads an answer.
var readers = map[string]struct {
	asks string
	// read returns whether what has passed is what was asked for.
	read func(ctx context.Context, c *Client) (bool, error)
	// fine are answers among faulty.Others that do answer the question.
	fine []string
}{
	"confirm": {asks: "Admin API", read: func(ctx context.Context, c *Client) (bool, error) { return true, (&Client{http: c.http}).confirm(ctx) }},
	"service by name": {asks: `the service "web"`, read: func(ctx context.Context, c *Client) (bool, error) {
		s, err := c.Services.read(ctx, "web")
		return s.ID != "" && text(s.Name) == "web", err
	}},
	"service by id": {asks: `the service "` + someID + `"`, read: func(ctx context.Context, c *Client) (bool, error) {
		s, err := c.Services.read(ctx, someID)
		return strings.EqualFold(s.ID, someID) || text(s.Name) == someID, err
	}},
	"route by name": {asks: `the route "web"`, read: func(ctx context.Context, c *Client) (bool, error) {
		r, err := c.Routes.read(ctx, "web")
		return r.ID != "" && text(r.Name) == "web", err
	}},
	"services": {asks: "a list of services", read: func(ctx context.Context, c *Client) (bool, error) {
		all, err := c.Services.All(ctx)
		return !slices.ContainsFunc(all, func(s *Service) bool { return s == nil || s.ID == "" }), err
	}},
	"routes": {asks: "a list of routes", read: func(ctx context.Context, c *Client) (bool, error) {
		all, err := c.Routes.All(ctx)
		return !slices.ContainsFunc(all, func(r *Route) bool { return r == nil || r.ID == "" }), err
	}},
	"created service": {asks: `the service "` + someID + `"`, read: func(ctx context.Context, c *Client) (bool, error) {
		return true, c.Services.Create(ctx, someID, &Service{Host: "a"})
	}},
	"changed route": {asks: `the route "` + someID + `"`, read: func(ctx context.Context, c *Client) (bool, error) {
		return true, c.Routes.Update(ctx, someID, &Route{})
	}},
	"deleted service": {asks: "nothing", read: func(ctx context.Context, c *Client) (bool, error) { return true, c.Services.Delete(ctx, someID) }},
}

// answered is a client that gets the same answer to everything.
func answered(tb testing.TB, answer *faulty.Answer) *Client {
	tb.Helper()
	c, err := New(Config{HTTP: api.Config{
		System: "kong", URL: "http://kong.example.internal", URLSetting: "admin_url", MaxRetries: -1,
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
			if slices.Contains(r.fine, body) {
				if err != nil {
					t.Errorf("%s, %s: %v", name, body, err)
				}
				continue
			}
			var hinting interface{ Hint() string }
			switch {
			case err == nil || !strings.Contains(err.Error(), r.asks):
				t.Errorf("%s, %s: %v, want %q", name, body, err, r.asks)
			case api.IsNotFound(err) || !errors.As(err, &hinting) || !strings.Contains(hinting.Hint(), "`admin_url`"):
				t.Errorf("%s, %s: %v without a hint", name, body, err)
			}
		}
	}
}

// FuzzRead feeds an answer to every reader: none panics or hangs, and what passes is what was asked for.
func FuzzRead(f *testing.F) {
	recorded, err := faulty.Recorded("../kongsim/testdata/*.json")
	if err != nil || len(recorded) == 0 {
		f.Fatal("no recordings", err)
	}
	for _, body := range slices.Concat(recorded, faulty.Others) {
		f.Add(body, 200)
	}
	var answer faulty.Answer
	c := answered(f, &answer)
	f.Fuzz(func(t *testing.T, body string, status int) {
		answer = faulty.Answer{Body: body, Status: 200 + (status%400+400)%400}
		for name, r := range readers {
			if is, err := r.read(t.Context(), c); err == nil && !is {
				t.Errorf("%s takes %s for what it has asked for", name, body)
			}
		}
	})
}
