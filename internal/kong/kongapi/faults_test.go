package kongapi_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

var (
	internalError = faulty.Status(http.StatusInternalServerError, `{"message":"An unexpected error occurred"}`)
	unauthorized  = faulty.Status(http.StatusUnauthorized, `{"message":"Unauthorized"}`)

	// passing are the faults that one repetition mends.
	passing = []faulty.Fault{
		faulty.Reset, faulty.Reset.After(), faulty.Hang, faulty.Hang.After(), faulty.TooManyRequests(1), internalError, internalError.After(),
		faulty.BadGateway, faulty.BadGateway.After(), faulty.Unavailable, faulty.Truncated,
	}
	// lasting are answers that no repetition mends, but a person.
	lasting = []faulty.Fault{faulty.WrongType, faulty.Another, faulty.Another.After(), unauthorized}
)

// operations do something to the service with the id, once; each can be done again.
var operations = []struct {
	name, method string
	do           func(ctx context.Context, c *kongapi.Client, id string) error
}{
	{"create", "PUT", func(ctx context.Context, c *kongapi.Client, id string) error {
		return c.Services.Create(ctx, id, frs("new"))
	}},
	{"read", "GET", func(ctx context.Context, c *kongapi.Client, id string) error {
		_, err := c.Services.Get(ctx, id)
		return err
	}},
	{"update", "PATCH", func(ctx context.Context, c *kongapi.Client, id string) error {
		return c.Services.Update(ctx, id, frs("new"))
	}},
	{"delete", "DELETE", func(ctx context.Context, c *kongapi.Client, id string) error { return c.Services.Delete(ctx, id) }},
}

func frs(host string) *kongapi.Service {
	return &kongapi.Service{Name: ptr("frs-api"), Protocol: "http", Host: host, Port: 80, Enabled: true}
}

// TestFaults: whatever happens to a request, there is no duplicate, nothing lost, and either success or an error that
// says what to do; doing it again converges.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		for _, f := range append(passing[:len(passing):len(passing)], lasting...) {
			t.Run(op.name+"/"+f.String(), func(t *testing.T) {
				t.Parallel()
				sim := kongsim.New()
				c := client(t, sim.Start(t), func(c *api.Config) { c.Timeout = 300 * time.Millisecond })
				id := uuid.NewString()
				if op.name != "create" {
					must(t, c.Services.Create(t.Context(), id, frs("old")))
					_, err := c.Services.Get(t.Context(), id) // what the create has answered is good for one read
					must(t, err)
				}
				sim.Fail(op.method+" /**", f, 1)
				err := op.do(t.Context(), c, id)
				if err != nil {
					helpful(t, err)
				}
				if err != nil && !isLasting(f) {
					t.Errorf("not mended: %v", err)
				}
				must(t, op.do(t.Context(), c, id))
				checkFRS(t, sim, op.name, id)
			})
		}
	}
}

func isLasting(f faulty.Fault) bool {
	for _, l := range lasting {
		if l.String() == f.String() {
			return true
		}
	}
	return false
}

func checkFRS(t *testing.T, sim *kongsim.Sim, op, id string) {
	t.Helper()
	services := sim.Entities("services")
	if op == "delete" {
		if len(services) != 0 {
			t.Errorf("left over: %v", services)
		}
		return
	}
	want := map[string]string{"create": "new", "read": "old", "update": "new"}[op]
	if len(services) != 1 || services[0]["id"] != id || services[0]["host"] != want {
		t.Errorf("want one service %s with host %s: %v", id, want, services)
	}
}

// helpful checks that an error says which request, why, and what to do.
func helpful(t *testing.T, err error) {
	t.Helper()
	if !strings.Contains(err.Error(), "/services") || !strings.Contains(err.Error(), "kong") || hint(err) == "" {
		t.Errorf("says too little: %v: %q", err, hint(err))
	}
}

// TestCreateInDoubt: where even the last answer was lost, an error that is Ambiguous tells the caller to note the id.
func TestCreateInDoubt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault     faulty.Fault
		ambiguous bool
	}{
		{faulty.Reset.After(), true}, {faulty.Hang.After(), true}, {internalError.After(), true}, {faulty.BadGateway.After(), true},
		{faulty.Truncated, true}, {faulty.WrongType, true}, {faulty.Another, true}, {faulty.Another.After(), true}, {unauthorized, false}, {faulty.TooManyRequests(0), false},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			sim := kongsim.New()
			url := sim.Start(t)
			c := client(t, url, func(c *api.Config) { c.Timeout, c.MaxRetries = 300*time.Millisecond, -1 })
			id := uuid.NewString()
			sim.Fail("* /**", tt.fault, -1)
			err := c.Services.Create(t.Context(), id, frs("new"))
			if err == nil || api.Ambiguous(err) != tt.ambiguous {
				t.Errorf("ambiguous is %v: %v", api.Ambiguous(err), err)
			}
			helpful(t, err)
			if acted := len(sim.Entities("services")) == 1; acted != tt.fault.Acts() {
				t.Errorf("the gateway has acted: %v", acted)
			}
			sim.Heal()
			must(t, client(t, url).Services.Create(t.Context(), id, frs("new"))) // the next run
			checkFRS(t, sim, "create", id)
		})
	}
}

// TestHangIsWaitedForOnce: a gateway that hangs costs one time-out, however many objects there are.
func TestHangIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 100} {
		sim := kongsim.New()
		c := client(t, sim.Start(t), func(c *api.Config) { c.Timeout, c.MaxRetries = time.Second, -1 })
		sim.Fail("* /**", faulty.Hang, -1)
		begin := time.Now()
		faulty.AsTerraform(n, func(int) {
			_, err := c.Services.Get(t.Context(), uuid.NewString())
			if err == nil || api.IsNotFound(err) {
				t.Errorf("got %v", err)
			}
			helpful(t, err)
		})
		if took, requests := time.Since(begin), sim.Count("* /**"); took > 5*time.Second || requests > 1 {
			t.Errorf("%d services took %s and %d requests, want one time-out", n, took, requests)
		}
	}
}

// TestWrongURLIsFoundOnce: what is not there in Kong's words may be a path too much in the URL; one look tells for all.
func TestWrongURLIsFoundOnce(t *testing.T) {
	t.Parallel()
	sim := kongsim.New()
	c := client(t, sim.Start(t)+"/services")
	const n = 8 // which are read by themselves
	faulty.AsTerraform(n, func(int) {
		_, err := c.Services.Get(t.Context(), uuid.NewString())
		if err == nil || api.IsNotFound(err) || !strings.Contains(hint(err), "`admin_url`") {
			t.Errorf("got %v: %q", err, hint(err))
		}
	})
	if requests := sim.Count("* /**"); requests > n+1 {
		t.Errorf("%d requests for %d services and a look at the root", requests, n)
	}
}

// TestCreateLooksUp: a create whose answer is lost is no failure when the entity is there.
func TestCreateLooksUp(t *testing.T) {
	t.Parallel()
	sim := kongsim.New()
	c := client(t, sim.Start(t), func(c *api.Config) { c.MaxRetries = -1 })
	sim.Fail("PUT /**", faulty.Reset.After(), 1)
	must(t, c.Services.Create(t.Context(), uuid.NewString(), frs("new")))
	if n := sim.Count("GET /services/*"); n != 1 {
		t.Errorf("%d lookups, want 1", n)
	}
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	c := client(t, "http://"+l.Addr().String(), func(c *api.Config) { c.MaxRetries = -1 })
	for _, op := range operations {
		err := op.do(t.Context(), c, uuid.NewString())
		if err == nil || !strings.Contains(hint(err), "Nothing listens there") || api.Ambiguous(err) {
			t.Errorf("%s: %v: %s", op.name, err, hint(err))
		}
	}
}

// TestMissingOrElsewhere: only what Kong itself misses is gone.
func TestMissingOrElsewhere(t *testing.T) {
	t.Parallel()
	url := kongsim.New().Start(t)
	notAdmin := func(body string) string {
		l := &lonely{body: body}
		return l.start(t)
	}
	for _, tt := range []struct {
		name, url string
		gone      bool
		hint      string
	}{
		{"gone", url, true, ""},
		{"path too much", url + "/kong", false, "the root of the Admin API"},
		{"proxy port", notAdmin(`{"message":"no Route matched with those values"}`), false, "Kong's proxy, not its Admin API"},
		{"web page", notAdmin(`<html><body>404 Not Found</body></html>`), false, "a web page, not the API"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := client(t, tt.url, func(c *api.Config) { c.MaxRetries = -1 })
			_, err := c.Services.Get(t.Context(), uuid.NewString())
			if err == nil || api.IsNotFound(err) != tt.gone || !strings.Contains(hint(err), tt.hint) {
				t.Errorf("gone is %v: %v: %s", api.IsNotFound(err), err, hint(err))
			}
		})
	}
}

// lonely answers everything with the same 404.
type lonely struct{ body string }

func (l *lonely) start(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if strings.HasPrefix(l.body, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(http.StatusNotFound)
		_, _ = fmt.Fprint(w, l.body)
	})}
	go func() { _ = srv.Serve(ln) }()
	t.Cleanup(func() { _ = srv.Close() })
	return "http://" + ln.Addr().String()
}

func TestWithoutDatabase(t *testing.T) {
	t.Parallel()
	c := client(t, kongsim.New(kongsim.DBLess()).Start(t))
	err := c.Services.Create(t.Context(), uuid.NewString(), frs("new"))
	if err == nil || !strings.Contains(hint(err), "database = off") {
		t.Errorf("%v: %s", err, hint(err))
	}
}

func TestCredentials(t *testing.T) {
	t.Parallel()
	sim := kongsim.New(kongsim.BasicAuth("admin", "s3cret"))
	url := sim.Start(t)
	for password, want := range map[string]bool{"s3cret": true, "wrong": false} {
		c, err := kongapi.New(kongapi.Config{HTTP: api.Config{System: "kong", URL: url, URLSetting: "admin_url"}, Username: "admin", Password: password})
		must(t, err)
		_, err = c.Info(t.Context())
		if (err == nil) != want {
			t.Errorf("password %q: %v", password, err)
		}
		if err != nil && strings.Contains(err.Error()+hint(err), password) {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

// TestListing: many reads are one listing, over all of its pages.
func TestListing(t *testing.T) {
	t.Parallel()
	sim := kongsim.New()
	c := client(t, sim.Start(t))
	var ids []string
	for i := range 1500 {
		ids = append(ids, sim.Add("services", map[string]any{"name": fmt.Sprintf("s%d", i), "host": "h"}))
	}
	for i, id := range ids {
		s, err := c.Services.Get(t.Context(), id)
		must(t, err)
		if *s.Name != fmt.Sprintf("s%d", i) {
			t.Fatalf("%s is %s", id, *s.Name)
		}
	}
	s, err := c.Services.Get(t.Context(), "s7")
	must(t, err)
	if s.ID != ids[7] {
		t.Errorf("s7 is %s, want %s", s.ID, ids[7])
	}
	if n := sim.Count("* /**"); n > 20 {
		t.Errorf("%d requests for 1500 reads", n)
	}
}

// TestStepsUpAreNoNames: what servers take for a step up is nothing's name, and refused unsent.
func TestStepsUpAreNoNames(t *testing.T) {
	t.Parallel()
	sim := kongsim.New()
	c := client(t, sim.Start(t))
	for _, name := range []string{".", ".."} {
		for _, op := range operations {
			err := op.do(t.Context(), c, name)
			if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%q is no name", name)) || !strings.Contains(hint(err), "Correct the name") ||
				api.Ambiguous(err) || api.IsNotFound(err) {
				t.Errorf("%s %s: %v: %q", op.name, name, err, hint(err))
			}
		}
	}
	if n := sim.Count("* /**"); n != 0 {
		t.Errorf("sent: %v", sim.Requests("* /**"))
	}
}
