package clients

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/guacamole/guacapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

const (
	password = `S3cret-of-the-client/+"`
	sent     = `S3cret-of-the-request<&>`
)

// system is one to be lied to. A new client stands here, or the test below fails.
type system struct {
	// connect returns what to do with the server at an address.
	connect func(t *testing.T, url string) operations
	// welcome answers what a client asks before anything else, or is nil.
	welcome func(w http.ResponseWriter, r *http.Request) bool
	// said is a refusal in the system's own form, with these words.
	said func(words string) string
	// page is a listing in its form, with these items, that promises another page.
	page func(w http.ResponseWriter, items string)
	// other is an object of the kind that is asked for, of another name.
	other string
}

type operations struct{ read, list, create func(context.Context) error }

// systems are by the names of the fields of Settings. SSH speaks no HTTP.
var systems = map[string]system{
	"Harbor": {
		connect: func(t *testing.T, url string) operations {
			c, err := harborapi.New(harborapi.Config{HTTP: api.Config{URL: url, MaxRetries: 1}, Username: "admin", Password: password})
			must(t, err)
			return operations{
				func(ctx context.Context) error { _, err := c.Project(ctx, "team"); return err },
				func(ctx context.Context) error { _, err := c.Labels.All(ctx); return err },
				func(ctx context.Context) error {
					_, err := c.Labels.Create(ctx, &harborapi.Label{Name: "team", Description: sent})
					return err
				},
			}
		},
		welcome: func(w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "/systeminfo") {
				return false
			}
			ofJSON(w, 200, `{"auth_mode":"db_auth","harbor_version":"v2.13.5-0"}`)
			return true
		},
		said: func(words string) string {
			return fmt.Sprintf(`{"errors":[{"code":"BAD_REQUEST","message":%q}]}`, words)
		},
		page: func(w http.ResponseWriter, items string) {
			w.Header().Set("X-Total-Count", "1000000")
			if one := strings.Trim(items, "[]"); one != "" { // a page that is not full ends a listing
				items = "[" + strings.Repeat(one+",", 99) + one + "]"
			}
			ofJSON(w, 200, items)
		},
		other: `{"project_id":7,"id":7,"name":"another"}`,
	},
	"Kong": {
		connect: func(t *testing.T, url string) operations {
			c, err := kongapi.New(kongapi.Config{HTTP: api.Config{System: "kong", URL: url, MaxRetries: 1, Headers: map[string]string{"Kong-Admin-Token": password}}})
			must(t, err)
			return operations{
				func(ctx context.Context) error { _, err := c.Services.Get(ctx, "team"); return err },
				func(ctx context.Context) error { _, err := c.Services.All(ctx); return err },
				func(ctx context.Context) error {
					name := sent
					return c.Services.Create(ctx, "00000000-0000-4000-8000-000000000001", &kongapi.Service{Name: &name})
				},
			}
		},
		said: func(words string) string {
			return fmt.Sprintf(`{"code":2,"name":"schema violation","message":%q}`, words)
		},
		page:  func(w http.ResponseWriter, items string) { ofJSON(w, 200, `{"data":`+items+`,"offset":"again"}`) },
		other: `{"id":"00000000-0000-4000-8000-000000000009","name":"another"}`,
	},
	"Guacamole": {
		connect: func(t *testing.T, url string) operations {
			c, err := guacapi.New(guacapi.Config{HTTP: api.Config{URL: url, MaxRetries: 1}, Username: "guacadmin", Password: password})
			must(t, err)
			return operations{
				func(ctx context.Context) error { _, err := c.Group(ctx, "1"); return err },
				func(ctx context.Context) error { _, err := c.Groups(ctx); return err },
				func(ctx context.Context) error {
					_, err := c.CreateGroup(ctx, guacapi.Group{Name: sent, ParentIdentifier: guacapi.Root, Type: "ORGANIZATIONAL"})
					return err
				},
			}
		},
		welcome: func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/api/tokens" {
				return false
			}
			ofJSON(w, 200, `{"authToken":"S3cret-of-the-session","dataSource":"postgresql","availableDataSources":["postgresql"]}`)
			return true
		},
		said:  func(words string) string { return fmt.Sprintf(`{"type":"BAD_REQUEST","message":%q}`, words) },
		other: `{"identifier":"2","name":"another","parentIdentifier":"ROOT","type":"ORGANIZATIONAL"}`,
	},
	"Kubernetes": {
		connect: func(t *testing.T, url string) operations {
			c, err := kube.New(kube.Config{Host: url, Token: password, MaxRetries: 1})
			must(t, err)
			peers := kube.Kind{
				GroupVersionResource: schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: "bgppeers"},
				Kind:                 "BGPPeer",
			}
			return operations{
				func(ctx context.Context) error { _, err := c.Get(ctx, peers, kube.Key{Name: "team"}); return err },
				func(ctx context.Context) error { _, err := c.List(ctx, peers, "", ""); return err },
				func(ctx context.Context) error {
					o := &kube.Object{Object: map[string]any{"spec": map[string]any{"peerIP": sent}}}
					o.SetName("team")
					_, err := c.Apply(ctx, peers, o, kube.ApplyOptions{})
					return err
				},
			}
		},
		said: func(words string) string {
			return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":%q,"reason":"Invalid","code":422}`, words)
		},
		page: func(w http.ResponseWriter, items string) {
			ofJSON(w, 200, `{"kind":"BGPPeerList","apiVersion":"projectcalico.org/v3","metadata":{"continue":"again"},"items":`+items+`}`)
		},
		other: `{"kind":"BGPPeer","apiVersion":"projectcalico.org/v3","metadata":{"name":"another"},"spec":{}}`,
	},
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func ofJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func TestEverySystemIsLiedTo(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		if _, known := systems[f.Name]; !known && f.Name != "SSH" {
			t.Errorf("%s is not among the systems that are lied to", f.Name)
		}
	}
}

// lie is an answer to everything but the welcome.
type lie struct {
	name   string
	answer func(s system, w http.ResponseWriter, r *http.Request)
	// only are the operations that it is an answer to; all when empty.
	only string
	// says is what the error has.
	says string
}

func lies(elsewhere string) []lie {
	bomb := faulty.Packed(`{"message":"`, 256, `"}`)
	fine := func(body string) func(system, http.ResponseWriter, *http.Request) {
		return func(_ system, w http.ResponseWriter, _ *http.Request) { ofJSON(w, 200, body) }
	}
	all := []lie{
		{name: "{}", answer: fine("{}"), only: "read create"},
		{name: "null", answer: fine("null"), only: "read create"},
		{name: "a number", answer: fine("5")},
		{name: "a text", answer: fine(`"team"`)},
		{name: "[null]", answer: fine("[null]")},
		{name: "a list of lists", answer: fine("[[]]")},
		{name: "deep JSON", answer: fine(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000))},
		{name: "another object", answer: func(s system, w http.ResponseWriter, _ *http.Request) { ofJSON(w, 200, s.other) }, only: "read create"},
		{name: "null members", answer: listing("[null]"), only: "list"},
		{name: "members that are none", answer: listing(`[5,"a",[]]`), only: "list"},
		{name: "a page again and again", answer: func(s system, w http.ResponseWriter, r *http.Request) {
			listing("["+s.other+"]")(s, w, r)
		}, only: "list", says: "no end"},
		{name: "an empty page again and again", answer: listing("[]"), only: "list-or-nothing"},
		{name: "a bomb", answer: squeezed(200, bomb), says: "answer larger than 32 MiB"},
		{name: "a refusal as a bomb", answer: squeezed(400, bomb)},
		{name: "the request in a refusal", answer: func(s system, w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			ofJSON(w, 422, s.said(fmt.Sprint("refused: ", r.Header, string(body), password, sent)))
		}, says: "refused"},
		{name: "the request on a page", answer: func(_ system, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(403)
			_ = r.Write(w)
			fmt.Fprint(w, password, sent)
		}, says: "text/html"},
	}
	for _, code := range []int{301, 302, 303, 307, 308} {
		all = append(all, lie{name: fmt.Sprint(code), says: elsewhere, answer: func(_ system, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere+r.URL.Path+"?token=S3cret-of-the-target", code)
		}})
	}
	for _, wait := range []string{"100000000", "9223372037", "Fri, 31 Dec 9999 23:59:59 GMT"} {
		all = append(all, lie{name: "come back in " + wait, says: "429", answer: func(_ system, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", wait)
			ofJSON(w, 429, "{}")
		}})
	}
	return all
}

func listing(items string) func(system, http.ResponseWriter, *http.Request) {
	return func(s system, w http.ResponseWriter, _ *http.Request) {
		if s.page == nil {
			ofJSON(w, 200, `{"1":null}`) // a map by identifier, without pages
			return
		}
		s.page(w, items)
	}
}

func squeezed(code int, bomb []byte) func(system, http.ResponseWriter, *http.Request) {
	return func(_ system, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(code)
		_, _ = w.Write(bomb)
	}
}

// TestHostileAnswers tells every client every lie: none is believed, none costs
// much, and no secret leaves or shows.
func TestHostileAnswers(t *testing.T) { // not in parallel: it measures memory
	var led atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { led.Add(1) }))
	t.Cleanup(elsewhere.Close)
	for name, s := range systems {
		for _, l := range lies(elsewhere.URL) {
			for _, operation := range []string{"read", "list", "create"} {
				mayBeFine := l.only == "list-or-nothing"
				if l.only != "" && !strings.Contains(l.only, operation) || s.page == nil && l.says == "no end" {
					continue // a listing without pages ends
				}
				t.Run(name+"/"+operation+"/"+l.name, func(t *testing.T) { tell(t, s, l, operation, mayBeFine) })
			}
		}
	}
	if led.Load() > 0 {
		t.Errorf("%d requests went where an answer pointed", led.Load())
	}
}

func tell(t *testing.T, s system, l lie, operation string, mayBeFine bool) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if s.welcome == nil || !s.welcome(w, r) {
			l.answer(s, w, r)
		}
	}))
	t.Cleanup(server.Close)
	o := s.connect(t, server.URL)
	do := map[string]func(context.Context) error{"read": o.read, "list": o.list, "create": o.create}[operation]

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	ctx, cancel := context.WithTimeout(mask.With(t.Context(), sent), time.Minute)
	defer cancel()
	err := do(ctx)
	took := time.Since(start)
	runtime.ReadMemStats(&after)

	if err == nil {
		if !mayBeFine {
			t.Error("it was believed")
		}
		return
	}
	if api.IsNotFound(err) {
		t.Errorf("the object is taken for gone: %v", err)
	}
	if text := err.Error() + hint(err); !strings.Contains(text, l.says) || strings.Contains(text, "S3cret-of") || len(text) > 10_000 {
		t.Errorf("want %q, and no secret: %s", l.says, text)
	}
	if n, used := requests.Load(), (after.TotalAlloc-before.TotalAlloc)>>20; n > 60 || took > 30*time.Second || used > 700 {
		t.Errorf("%d requests, %s, %d MiB", n, took, used)
	}
}

func hint(err error) string {
	var e interface{ Hint() string }
	if errors.As(err, &e) {
		return "\n" + e.Hint()
	}
	return ""
}
