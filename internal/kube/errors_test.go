package kube

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

var peers = Kind{
	GroupVersionResource: schema.GroupVersionResource{Group: "projectcalico.org", Version: "v3", Resource: "bgppeers"},
	Kind:                 "BGPPeer", ServedBy: "calico-apiserver",
}

// quick are settings that try once more, soon.
func quick(host string) Config { return Config{Host: host, MaxRetries: 1, Patience: time.Second} }

func newClient(t *testing.T, c Config) *Client {
	t.Helper()
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func peer(name string) *Object {
	o := &Object{Object: map[string]any{"spec": map[string]any{"peerIP": "192.168.1.1"}}}
	o.SetName(name)
	return o
}

func statusBody(code int, reason, message, details string) string {
	if details == "" {
		details = "{}"
	}
	return fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":%q,"details":%s}`, code, reason, message, details)
}

// TestErrors holds messages and hints against answers that real servers give:
// kube-apiserver 1.34, calico-apiserver 3.28, MetalLB 0.15.
func TestErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   string // Error
		hint   string // in Hint
		tries  int32
		check  func(*testing.T, *Error)
	}{
		"missing": {
			404, statusBody(404, "NotFound", `bgppeers.projectcalico.org "tor-1" not found`, `{"name":"tor-1","kind":"bgppeers","group":"projectcalico.org"}`),
			`apply BGPPeer "tor-1": kubernetes answered 404: "bgppeers.projectcalico.org \"tor-1\" not found"`, "", 1,
			func(t *testing.T, e *Error) {
				t.Helper()
				if !api.IsNotFound(e) {
					t.Error("is not ErrNotFound")
				}
			},
		},
		"not served": {
			404, "404 page not found\n",
			`apply BGPPeer "tor-1": projectcalico.org/v3 is not served by this cluster`, "Install calico-apiserver", 2,
			func(t *testing.T, e *Error) {
				t.Helper()
				if api.IsNotFound(e) {
					t.Error("counts as gone")
				}
			},
		},
		"gateway's 404": {
			404, "<html>no such page</html>",
			`answered 404 with text/html that is not in its own form`, "A proxy in between", 2,
			func(t *testing.T, e *Error) {
				t.Helper()
				if api.IsNotFound(e) {
					t.Error("counts as gone")
				}
			},
		},
		"namespace": {
			404, statusBody(404, "NotFound", `namespaces "metallb-system" not found`, `{"name":"metallb-system","kind":"namespaces"}`),
			`namespaces \"metallb-system\" not found`, `Create the namespace "metallb-system" first.`, 1, nil,
		},
		"unauthorized": {401, statusBody(401, "Unauthorized", "Unauthorized", ""), "answered 401", "have expired during the run", 1, nil},
		"forbidden": {
			403, statusBody(403, "Forbidden", `bgppeers.projectcalico.org "tor-1" is forbidden: User "dev" cannot patch resource "bgppeers"`, ""),
			`User \"dev\" cannot patch`, "the verbs `patch` and `create` on bgppeers.projectcalico.org (cluster-wide)", 1, nil,
		},
		"conflict": {
			409, statusBody(409, "Conflict", `Apply failed with 1 conflict: conflict with "kubectl-edit" using projectcalico.org/v3: .spec.asNumber`,
				`{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"kubectl-edit\" using projectcalico.org/v3","field":".spec.asNumber"}]}`),
			`apply BGPPeer "tor-1": spec.asNumber is managed by "kubectl-edit"`, "take_ownership = true", 1, nil,
		},
		"re-created": {
			409, statusBody(409, "Conflict", `uid mismatch: the provided object specified uid a, and no existing object was found`, ""),
			"uid mismatch", "deleted, or deleted and made anew", 1, nil,
		},
		"denied by a webhook": {
			403, statusBody(403, "Forbidden", `admission webhook "bgppeervalidationwebhook.metallb.io" denied the request: peer tor-1 already exists`, ""),
			`denied the request: peer tor-1 already exists`, "", 1,
			func(t *testing.T, e *Error) {
				t.Helper()
				if e.Hint() != "" {
					t.Errorf("hint %q", e.Hint())
				}
			},
		},
		"webhook unreachable": {
			500, statusBody(500, "InternalError", `Internal error occurred: failed calling webhook "bgppeervalidationwebhook.metallb.io": failed to call webhook: Post "https://x": dial tcp: refused`,
				`{"causes":[{"message":"failed calling webhook \"bgppeervalidationwebhook.metallb.io\""}]}`),
			"failed calling webhook", `webhook "bgppeervalidationwebhook.metallb.io" could not be asked`, 3, nil,
		},
		"refused by Calico": {
			500, statusBody(500, "", `error with field NodeSelector = 'service = x' (failed to validate Field: NodeSelector because of Tag: selector )`, ""),
			`NodeSelector: Calico refuses "service = x": failed to validate`, "", 1,
			func(t *testing.T, e *Error) {
				t.Helper()
				if e.Field() != "NodeSelector" {
					t.Errorf("field %q", e.Field())
				}
			},
		},
		"twice refused by Calico": {
			500, statusBody(500, "", "error with the following fields:\n-  Node = 'a' (Reason: one)\n-  PeerIP = 'b' (Reason: two)\n", ""),
			`error with the following fields`, "", 1,
			func(t *testing.T, e *Error) {
				t.Helper()
				parts := e.Each()
				if len(parts) != 2 || parts[1].Field() != "PeerIP" || !strings.HasSuffix(parts[1].Error(), `PeerIP: Calico refuses "b": two`) {
					t.Errorf("parts %v", parts)
				}
			},
		},
		"unknown field": {
			500, statusBody(500, "", `failed to create typed patch object (/tor-1; projectcalico.org/v3, Kind=BGPPeer): .spec.localASNumber: field not declared in schema`, ""),
			"spec.localASNumber: the server does not know this field", "calico-apiserver in this cluster is older than the field", 1, nil,
		},
		"schema": {
			422, statusBody(422, "Invalid", `BGPPeer "tor-1" is invalid: spec.myASN: too small`, `{"causes":[{"reason":"FieldValueInvalid","message":"too small","field":"spec.myASN"}]}`),
			"answered 422: spec.myASN: too small", "", 1, nil,
		},
		"aggregated server down": {503, "service unavailable\n", `answered 503: "service unavailable"`, "Check calico-apiserver", 3, nil},
		"overloaded":             {429, statusBody(429, "TooManyRequests", "too many requests", ""), "answered 429", "overloaded", 3, nil},
		"bad gateway":            {502, "<html><title>Bad\nGateway</title>s3cret</html>", `answered 502 with text/html that is not in its own form, titled "Bad Gateway" (`, "Look at its control plane", 3, nil},
		"etcd":                   {500, statusBody(500, "", "etcdserver: leader changed", ""), "leader changed", "control plane", 3, nil},
		"throttled": {
			400, statusBody(400, "BadRequest", "client rate limiter Wait returned an error: rate: Wait(n=1) would exceed context deadline", ""),
			"client rate limiter", "", 3, nil,
		},
		"several lines": {
			422, statusBody(422, "Invalid", "the expression is wrong:\n | a == \n | ^", ""),
			"kubernetes answered 422: \n    the expression is wrong:\n     | a ==\n     | ^", "", 1, nil,
		},
		"of JSON, but whose": {400, `{"headers":{"authorization":"Bearer s3cret"}}`, "answered 400 with application/json that is not in its own form", "A proxy", 2, nil},
		"another code than the answer's": {
			500, statusBody(404, "NotFound", `gone`, `{"name":"tor-1","kind":"bgppeers"}`), "answered 500 with application/json", "control plane", 2,
			func(t *testing.T, e *Error) {
				t.Helper()
				if api.IsNotFound(e) {
					t.Error("counts as gone")
				}
			},
		},
		"unknown 500": {500, statusBody(500, "", "boom", ""), `answered 500: "boom" (after 2 tries`, "control plane", 2, nil},
		"not JSON":    {200, "<html>sign in</html>", "answered 200 with text/html that is not in its own form", "A proxy in between", 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int32
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				tries.Add(1)
				contentType := "text/plain"
				switch test.body[0] {
				case '{':
					contentType = "application/json"
				case '<':
					contentType = "text/html"
				}
				w.Header().Set("Content-Type", contentType)
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			}))
			defer server.Close()
			_, err := newClient(t, quick(server.URL)).Apply(t.Context(), peers, peer("tor-1"), ApplyOptions{})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(e.Error(), test.want) || !strings.Contains(e.Hint(), test.hint) {
				t.Errorf("got  %s\nhint %s", e, e.Hint())
			}
			if got := tries.Load(); test.tries < 3 && got != test.tries || got < test.tries {
				t.Errorf("%d tries, want %d", got, test.tries)
			}
			if test.check != nil {
				test.check(t, e)
			}
		})
	}
}

// TestConnectionErrors: each way not to reach a server has its own hint.
func TestConnectionErrors(t *testing.T) {
	t.Parallel()
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hangs.Close)
	slow := quick(hangs.URL)
	slow.RequestTimeout = 20 * time.Millisecond
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = free.Close()
	for name, test := range map[string]struct {
		config Config
		hint   string
	}{
		"refused":           {quick("http://" + free.Addr().String()), "Nothing listens there"},
		"unknown authority": {quick(secure.URL), "`cluster_ca_certificate`"},
		"no TLS":            {quick("https" + strings.TrimPrefix(plain.URL, "http")), "does not speak TLS"},
		"time-out":          {slow, "is slow"},
		"unknown host":      {quick("http://kube.invalid"), "cannot be resolved"},
		"login":             {Config{Host: secure.URL, Insecure: true, Exec: &Exec{Command: "/no/such/program"}}, "gets the credentials failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newClient(t, test.config).Get(t.Context(), peers, Key{Name: "tor-1"})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if !strings.Contains(e.Hint(), test.hint) {
				t.Errorf("got  %s\nhint %s", e, e.Hint())
			}
			if !strings.Contains(e.Error(), strings.TrimRight(test.config.Host, "/")) {
				t.Errorf("%s does not name the address", e)
			}
		})
	}
}

// TestSilenceIsWaitedForOnce: an API server that does not answer costs one time-out, however many objects there are.
func TestSilenceIsWaitedForOnce(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 100} {
		var requests atomic.Int64
		hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { requests.Add(1); <-r.Context().Done() }))
		t.Cleanup(hangs.Close)
		config := quick(hangs.URL)
		config.RequestTimeout, config.MaxRetries = time.Second, -1
		c := newClient(t, config)
		start := time.Now()
		faulty.AsTerraform(n, func(i int) {
			name := fmt.Sprint("tor-", i)
			_, err := c.Get(t.Context(), peers, Key{Name: name})
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Hint(), "is slow") || !strings.Contains(e.Error(), fmt.Sprintf("get BGPPeer %q", name)) {
				t.Errorf("got %v", err)
			}
		})
		if took := time.Since(start); took > 5*time.Second || requests.Load() > 1 {
			t.Errorf("%d objects took %s and %d requests, want one time-out", n, took, requests.Load())
		}
	}
}

// TestInterrupt: the end of a run ends the tries, and the message is still that
// of the fault.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer server.Close()
	start := time.Now()
	_, err := newClient(t, Config{Host: server.URL}).Get(ctx, peers, Key{Name: "tor-1"})
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("got %v after %s", err, time.Since(start))
	}
}
