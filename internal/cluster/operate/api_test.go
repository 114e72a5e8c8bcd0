package operate

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// impatient is a client of the API that gives up at once.
func impatient(t *testing.T, target Target) *api {
	t.Helper()
	a := newOperator(t).api(target)
	a.patience = time.Nanosecond
	return a
}

// refuse gives an answer that refuses.
func refuse(w http.ResponseWriter, code int, reason, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = io.WriteString(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":`+strconv.Itoa(code)+`,"reason":"`+reason+`","message":"`+message+`"}`)
}

// readyUntil is an API server that is ready for a number of other requests, then
// goes away, as during an upgrade.
type readyUntil struct {
	handler http.Handler
	left    atomic.Int32
}

func (s *readyUntil) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	left := s.left.Load()
	if r.URL.Path != "/readyz" {
		left = s.left.Add(-1)
	}
	if left < 0 || r.URL.Path == "/readyz" && left == 0 {
		refuse(w, http.StatusServiceUnavailable, "ServiceUnavailable", "shutting down")
		return
	}
	s.handler.ServeHTTP(w, r)
}

func TestAPIGoesToAnotherControlPlane(t *testing.T) {
	ca := newAuthority(t)
	one, two, dead := newMachine(t), newMachine(t), newMachine(t)
	first, second := &readyUntil{handler: stored(t)}, &readyUntil{handler: stored(t)}
	first.left.Store(1)
	one.controlPlane(t, ca, first)
	two.controlPlane(t, ca, second)
	dead.Down()
	a := newOperator(t).api(targetOf(map[string]*machine{"cp-1": one, "cp-2": two, "cp-3": dead}))
	for i := range 2 {
		if i == 1 {
			second.left.Store(1)
		}
		if nodes, err := a.nodes(t.Context()); err != nil || len(nodes) != 1 {
			t.Fatalf("got %v, %v", nodes, err)
		}
	}
}

func TestAPIWaitsForTheOnlyControlPlane(t *testing.T) {
	var requests atomic.Int32
	m := newMachine(t)
	objects := stored(t)
	m.controlPlane(t, newAuthority(t), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) {
		case 1:
			refuse(w, http.StatusInternalServerError, "InternalError", "[-]etcd failed: reason withheld")
		case 3:
			refuse(w, http.StatusInternalServerError, "InternalError", "etcdserver: leader changed")
		case 5:
			panic(http.ErrAbortHandler)
		default:
			objects.ServeHTTP(w, r)
		}
	}))
	if _, err := newOperator(t).api(targetOf(map[string]*machine{"cp-1": m})).nodes(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAPIErrors(t *testing.T) {
	ca := newAuthority(t)
	tests := []struct {
		name    string
		prepare func(*testing.T, *machine)
		caHash  string
		want    string
		hint    string
	}{
		{
			name:    "forbidden",
			prepare: refusing(ca, http.StatusForbidden, "Forbidden", "nodes is forbidden"),
			want:    "reading nodes: nodes is forbidden", hint: "kubeadm:cluster-admins",
		},
		{
			name:    "unauthorized",
			prepare: refusing(ca, http.StatusUnauthorized, "Unauthorized", "Unauthorized"),
			want:    "Unauthorized", hint: "Renew the certificates",
		},
		{
			name:    "no quorum of etcd",
			prepare: refusing(ca, http.StatusInternalServerError, "InternalError", "etcdserver: no leader"),
			want:    "no leader", hint: "more than half of them must run",
		},
		{
			name: "admin.conf expired",
			prepare: func(t *testing.T, m *machine) {
				t.Helper()
				m.write(t, "etc/kubernetes/admin.conf", ca.adminConf(t, time.Now().Add(-24*time.Hour)))
			},
			want: "the certificate in /etc/kubernetes/admin.conf has expired on " + time.Now().Add(-24*time.Hour).UTC().Format(time.DateOnly),
			hint: "cp-1: Renew the certificates",
		},
		{
			name: "another cluster", caHash: newAuthority(t).hash(),
			prepare: refusing(ca, http.StatusOK, "", ""),
			want:    "cp-1: the machine belongs to another cluster", hint: "leads to the machine that is meant",
		},
		{
			name: "another API server", caHash: ca.hash(),
			prepare: func(t *testing.T, m *machine) {
				t.Helper()
				m.controlPlane(t, newAuthority(t), answers{})
				m.write(t, "etc/kubernetes/admin.conf", ca.adminConf(t, time.Now().Add(time.Hour)))
			},
			want: "certificate signed by unknown authority", hint: "crictl ps",
		},
		{
			name: "nobody listens",
			prepare: func(t *testing.T, m *machine) {
				t.Helper()
				m.controlPlane(t, ca, answers{})
				clear(m.tunnels)
			},
			want: "connection refused",
		},
		{name: "no control plane", prepare: func(*testing.T, *machine) {}, want: "the machine is not a control plane (yet)", hint: "One control plane is enough"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := newMachine(t)
			test.prepare(t, m)
			target := targetOf(map[string]*machine{"cp-1": m})
			target.CAHash = test.caHash
			_, err := impatient(t, target).nodes(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			if !strings.Contains(hintOf(err), test.hint) {
				t.Errorf("got hint %q, want %q", hintOf(err), test.hint)
			}
		})
	}
}

// refusing makes a control plane whose API is ready and refuses everything else.
func refusing(ca *authority, code int, reason, message string) func(*testing.T, *machine) {
	return func(t *testing.T, m *machine) {
		t.Helper()
		m.controlPlane(t, ca, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/readyz" {
				return
			}
			refuse(w, code, reason, message)
		}))
	}
}

func TestAPINotFound(t *testing.T) {
	m := newMachine(t)
	m.controlPlane(t, newAuthority(t), answers{})
	a := impatient(t, targetOf(map[string]*machine{"cp-1": m}))
	if err := a.get(t.Context(), &corev1.Node{}, nodesPath, "cp-9"); !apierrors.IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	if err := a.deleteNode(t.Context(), "cp-9"); err != nil {
		t.Errorf("what is gone cannot be deleted: %v", err)
	}
}

func TestAPIAddress(t *testing.T) {
	tests := []struct{ name, manifest, node, want string }{
		{"as the manifest says", strings.Replace(apiServerManifest, "6443", "8443", 1), "192.0.2.99", "192.0.2.11:8443"},
		{"no manifest", "", "2001:db8::1", "[2001:db8::1]:6443"},
		{"nothing known", "", "", "127.0.0.1:6443"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := apiAddress([]byte(test.manifest), test.node); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestAwaitLive(t *testing.T) {
	ca := newAuthority(t)
	m, worker := newMachine(t), newMachine(t)
	m.controlPlane(t, ca, stored(t))
	worker.tunnels["192.0.2.100:6443"] = m.tunnels["192.0.2.11:6443"]
	a := newOperator(t).api(targetOf(map[string]*machine{"cp-1": m, "worker-1": worker}))
	if err := a.awaitLive(t.Context(), "worker-1", "192.0.2.100:6443", time.Minute); err != nil {
		t.Error(err)
	}
	if err := a.live(t.Context(), "worker-1", "192.0.2.101:6443"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("got %v", err)
	}
}

func TestKubeconfig(t *testing.T) {
	ca := newAuthority(t)
	one, two := newMachine(t), newMachine(t)
	two.controlPlane(t, ca, answers{})
	target := targetOf(map[string]*machine{"cp-1": one, "cp-2": two})
	target.CAHash = ca.hash()
	content, err := newOperator(t).Kubeconfig(t.Context(), target)
	if err != nil || !strings.Contains(string(content), "client-key-data") {
		t.Errorf("got %d bytes, %v", len(content), err)
	}
	target.CAHash = newAuthority(t).hash()
	_, err = newOperator(t).Kubeconfig(t.Context(), target)
	var unreachable *UnreachableError
	if !errors.As(err, &unreachable) || !errors.Is(err, errNoAdminConf) || !strings.Contains(err.Error(), "another cluster") {
		t.Errorf("got %v", err)
	}
}

func TestControlPlanes(t *testing.T) {
	m := newMachine(t)
	target := targetOf(map[string]*machine{"cp-2": m, "cp-1": m})
	target.Access["leaving"], target.Access["worker-1"] = m.access(), m.access()
	worker := target.Cluster.Nodes["cp-1"]
	worker.Role = "worker"
	target.Cluster.Nodes["worker-1"] = worker
	if got := target.controlPlanes(); !slices.Equal(got, []string{"cp-1", "cp-2", "leaving"}) {
		t.Errorf("got %v", got)
	}
}
