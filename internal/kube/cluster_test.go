package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

// configMaps stand for any kind: the API server checks nothing but the schema.
var configMaps = Kind{GroupVersionResource: schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, Kind: "ConfigMap", Namespaced: true}

func configMap(namespace, name, value string) *Object {
	o := &Object{Object: map[string]any{"data": map[string]any{"key": value}}}
	o.SetNamespace(namespace)
	o.SetName(name)
	return o
}

// through returns a client that goes through a proxy of its own.
func through(t *testing.T, change func(*Config)) (*Client, *kubetest.Proxy, string) {
	t.Helper()
	cluster := kubetest.Shared(t)
	proxy := cluster.Proxy(t)
	c := Config{ConfigPaths: []string{proxy.Kubeconfig}}
	if change != nil {
		change(&c)
	}
	return newClient(t, c), proxy, cluster.Namespace(t)
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func value(o *Object) string {
	v, _, _ := unstructured.NestedString(o.Object, "data", "key")
	return v
}

// TestRetries: every operation gets over every fault that passes, and the
// object is there once, or gone.
func TestRetries(t *testing.T) {
	t.Parallel()
	faults := []faulty.Fault{
		faulty.Reset, faulty.Reset.After(), faulty.Hang, faulty.Hang.After(), faulty.TooManyRequests(1), faulty.BadGateway, faulty.Unavailable,
		faulty.Truncated, faulty.WrongType, faulty.Status(http.StatusInternalServerError, "boom"),
	}
	for _, fault := range faults {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			c, proxy, namespace := through(t, func(c *Config) { c.RequestTimeout = 2 * time.Second })
			ctx, key, ok := t.Context(), Key{namespace, "a"}, must[*Object](t)
			once := func(pattern string) { proxy.Fail(pattern, fault, 1) }

			once("PATCH /**")
			ok(c.Create(ctx, configMaps, configMap(namespace, "a", "1"), ApplyOptions{}))
			ok(c.Get(ctx, configMaps, key)) // the answer of the create
			once("GET /**")
			if got := value(ok(c.Get(ctx, configMaps, key))); got != "1" {
				t.Errorf("created with %q", got)
			}
			once("PATCH /**")
			if got := value(ok(c.Apply(ctx, configMaps, configMap(namespace, "a", "2"), ApplyOptions{}))); got != "2" {
				t.Errorf("updated to %q", got)
			}
			once("GET /**")
			if all := must[[]*Object](t)(c.List(ctx, configMaps, namespace, "")); len(all) != 1 {
				t.Errorf("%d objects", len(all))
			}
			once("DELETE /**")
			if err := c.Delete(ctx, configMaps, key, ""); err != nil && !api.IsNotFound(err) {
				t.Error(err)
			}
			if _, err := c.Get(ctx, configMaps, key); !api.IsNotFound(err) {
				t.Errorf("still there: %v", err)
			}
		})
	}
}

// TestRequests: a request for each create and a few more, a few for all reads.
func TestRequests(t *testing.T) {
	t.Parallel()
	const n = 120
	c, proxy, namespace := through(t, nil)
	each := func(do func(name string) error) {
		t.Helper()
		var wait sync.WaitGroup
		names := make(chan string)
		for range 10 { // as Terraform does
			wait.Go(func() {
				for name := range names {
					if err := do(name); err != nil {
						t.Error(err)
					}
				}
			})
		}
		for i := range n {
			names <- fmt.Sprintf("c-%d", i)
		}
		close(names)
		wait.Wait()
	}
	each(func(name string) error {
		if _, err := c.Create(t.Context(), configMaps, configMap(namespace, name, "1"), ApplyOptions{}); err != nil {
			return err
		}
		_, err := c.Get(t.Context(), configMaps, Key{namespace, name})
		return err
	})
	if got := proxy.Count("* /**"); got > n+20 {
		t.Errorf("%d requests to create %d objects", got, n)
	}
	proxy.Reset()
	fresh := newClient(t, Config{ConfigPaths: []string{proxy.Kubeconfig}})
	each(func(name string) error {
		_, err := fresh.Get(t.Context(), configMaps, Key{namespace, name})
		return err
	})
	if got := proxy.Count("* /**"); got > 20 {
		t.Errorf("%d requests to read %d objects", got, n)
	}
}

// TestPages: a listing goes on where a page ends, and starts again when the
// server has forgotten it.
func TestPages(t *testing.T) {
	t.Parallel()
	c, proxy, namespace := through(t, nil)
	const n = pageSize + 10
	body := strings.Builder{}
	for i := range n {
		fmt.Fprintf(&body, "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: p-%d, namespace: %s}}\n", i, namespace)
	}
	if err := kubetest.Shared(t).Create(t.Context(), strings.NewReader(body.String())); err != nil {
		t.Fatal(err)
	}
	if got := len(must[[]*Object](t)(c.List(t.Context(), configMaps, namespace, ""))); got != n {
		t.Errorf("%d objects, want %d", got, n)
	}
	if got := proxy.Count("GET /**"); got != 2 {
		t.Errorf("%d requests for two pages", got)
	}
	// The second page has expired: the listing starts again, and none is there twice.
	expired := statusBody(http.StatusGone, "Expired", "The provided continue parameter is too old", "")
	seen := 0
	err := c.pages(t.Context(), configMaps, namespace, "", func() { seen = 0 }, func(*Object) {
		if seen++; seen == 1 && proxy.Count("GET /**") == 3 {
			proxy.Fail("GET /**", faulty.Status(http.StatusGone, expired), 1)
		}
	})
	if err != nil || seen != n {
		t.Errorf("%d objects, want %d: %v", seen, n, err)
	}
}

// TestSharedPages: reads are answered by pages as they come, by those that have come where the server has forgotten the
// listing, and by themselves where there are few.
func TestSharedPages(t *testing.T) {
	t.Parallel()
	_, proxy, namespace := through(t, nil)
	const n = pageSize + 10
	body := strings.Builder{}
	for i := range n {
		fmt.Fprintf(&body, "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: p-%d, namespace: %s}}\n", i, namespace)
	}
	if err := kubetest.Shared(t).Create(t.Context(), strings.NewReader(body.String())); err != nil {
		t.Fatal(err)
	}
	list := "GET /api/v1/namespaces/" + namespace + "/configmaps"
	for name, test := range map[string]struct {
		reads, pages, most int
		expired            bool
	}{
		"all":            {n, 2, 30, false},
		"a few":          {10, 0, 10, false},
		"all, forgotten": {n, 2, 40, true},
	} {
		proxy.Reset()
		c := newClient(t, Config{ConfigPaths: []string{proxy.Kubeconfig}})
		read := func(i int) {
			name := fmt.Sprintf("p-%d", i)
			o, err := c.Get(t.Context(), configMaps, Key{namespace, name})
			if err != nil || o.GetName() != name {
				t.Errorf("%s: got %v, %v", name, o, err)
			}
		}
		if test.expired {
			for i := range 11 { // ten by themselves, and the first page
				read(i)
			}
			gone := statusBody(http.StatusGone, "Expired", "The provided continue parameter is too old", "")
			proxy.Fail(list, faulty.Status(http.StatusGone, gone), -1)
		}
		faulty.AsTerraform(test.reads, read)
		proxy.Heal()
		if pages, all := proxy.Count(list), proxy.Count("* /**"); pages != test.pages || all > test.most {
			t.Errorf("%s: %d pages of %d requests, want %d of at most %d", name, pages, all, test.pages, test.most)
		}
	}
}

// TestGuard: what exists is not taken over without a word.
func TestGuard(t *testing.T) {
	t.Parallel()
	c, _, namespace := through(t, nil)
	ctx := t.Context()
	foreign, _, _ := through(t, func(c *Config) { c.FieldManager = "helm" })
	const n = guardThreshold + 2 // some are looked for by themselves, the others in a listing
	for i := range n {
		must[*Object](t)(foreign.Create(ctx, configMaps, configMap(namespace, fmt.Sprintf("g-%d", i), "theirs"), ApplyOptions{}))
	}
	for i := range n {
		name := fmt.Sprintf("g-%d", i)
		_, err := c.Create(ctx, configMaps, configMap(namespace, name, "ours"), ApplyOptions{})
		var exists *ExistsError
		if !errors.As(err, &exists) || !strings.Contains(err.Error(), `managed by "helm"`) || !strings.Contains(exists.Hint(), namespace+"/"+name) {
			t.Fatalf("%s: got %v", name, err)
		}
	}
	// A run that was killed has left an object: the next one goes on with it.
	killed := newClient(t, c.config)
	must[*Object](t)(killed.Create(ctx, configMaps, configMap(namespace, "killed", "1"), ApplyOptions{}))
	next := newClient(t, c.config)
	must[*Object](t)(next.Create(ctx, configMaps, configMap(namespace, "killed", "2"), ApplyOptions{}))
	// Two resources with one name are a mistake.
	_, err := next.Create(ctx, configMaps, configMap(namespace, "killed", "3"), ApplyOptions{})
	if err == nil || !strings.Contains(err.Error(), "another resource of this configuration has just created it") {
		t.Errorf("got %v", err)
	}
	// What was deleted may be made anew, whatever the listing said.
	if err := next.Delete(ctx, configMaps, Key{namespace, "killed"}, ""); err != nil {
		t.Fatal(err)
	}
	must[*Object](t)(next.Create(ctx, configMaps, configMap(namespace, "killed", "4"), ApplyOptions{}))
	// Asked to, it takes over.
	taken := must[*Object](t)(next.Create(ctx, configMaps, configMap(namespace, "g-0", "ours"), ApplyOptions{Force: true}))
	if w := next.Owners(taken); value(taken) != "ours" || !w.Mine("data", "key") {
		t.Errorf("not taken over: %v", taken)
	}
}

// TestUID: an object that was made anew is neither changed nor deleted.
func TestUID(t *testing.T) {
	t.Parallel()
	c, _, namespace := through(t, nil)
	ctx, ok, key := t.Context(), must[*Object](t), Key{namespace, "u"}
	before := ok(c.Create(ctx, configMaps, configMap(namespace, "u", "1"), ApplyOptions{}))
	if err := c.Delete(ctx, configMaps, key, string(before.GetUID())); err != nil {
		t.Fatal(err)
	}
	change := configMap(namespace, "u", "2")
	change.SetUID(before.GetUID())
	for _, state := range []string{"deleted", "made anew"} {
		_, err := c.Apply(ctx, configMaps, change, ApplyOptions{})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Hint(), "deleted, or deleted and made anew") {
			t.Errorf("%s: got %v", state, err)
		}
		if state == "deleted" {
			ok(c.Create(ctx, configMaps, configMap(namespace, "u", "new"), ApplyOptions{}))
		}
	}
	if err := c.Delete(ctx, configMaps, key, string(before.GetUID())); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	if got := value(ok(c.one(ctx, configMaps, key))); got != "new" {
		t.Errorf("the new object is %q", got)
	}
}

// TestFinalizer: a delete waits, and says what holds the object.
func TestFinalizer(t *testing.T) {
	t.Parallel()
	c, _, namespace := through(t, nil)
	held := configMap(namespace, "held", "1")
	held.SetFinalizers([]string{"acme.internal/hold"})
	must[*Object](t)(c.Create(t.Context(), configMaps, held, ApplyOptions{}))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	err := c.Delete(ctx, configMaps, Key{namespace, "held"}, "")
	var e *HeldError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), `held by finalizer "acme.internal/hold"`) {
		t.Fatalf("got %v", err)
	}
	must[*Object](t)(c.Apply(t.Context(), configMaps, configMap(namespace, "held", "1"), ApplyOptions{})) // gives the finalizer up
	if err := c.waitGone(t.Context(), configMaps, Key{namespace, "held"}, ""); err != nil {
		t.Error(err)
	}
}

// TestNotServed: a group that the cluster lacks is not a missing object.
func TestNotServed(t *testing.T) {
	t.Parallel()
	c, _, _ := through(t, func(c *Config) { c.MaxRetries = -1 })
	kind := Kind{GroupVersionResource: schema.GroupVersionResource{Group: "no.such.group", Version: "v1", Resource: "things"}, Kind: "Thing", ServedBy: "Things"}
	for name, err := range map[string]error{
		"get":    second(c.Get(t.Context(), kind, Key{Name: "a"})),
		"create": second(c.Create(t.Context(), kind, peer("a"), ApplyOptions{})),
		"list":   second(c.List(t.Context(), kind, "", "")),
		"delete": c.Delete(t.Context(), kind, Key{Name: "a"}, ""),
	} {
		var e *Error
		if !errors.As(err, &e) || api.IsNotFound(err) || !strings.Contains(err.Error(), "no.such.group/v1 is not served") || !strings.Contains(e.Hint(), "Install Things") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestForbidden: a refusal names the right that is missing.
func TestForbidden(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Shared(t)
	namespace := cluster.Namespace(t)
	rc := cluster.Config()
	c := newClient(t, Config{Host: rc.Host, ClusterCACertificate: string(rc.CAData), Insecure: len(rc.CAData) == 0, Token: "no-such-token"})
	_, err := c.Get(t.Context(), configMaps, Key{namespace, "a"})
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusUnauthorized || strings.Contains(err.Error(), "no-such-token") {
		t.Fatalf("got %v", err)
	}
}

// TestOwners: labels are owned key by key, atomic fields with all below them.
func TestOwners(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{Host: "https://127.0.0.1:1"})
	o := &Object{Object: map[string]any{}}
	o.SetManagedFields([]metav1.ManagedFieldsEntry{
		{Manager: DefaultFieldManager, FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:metadata":{"f:labels":{}},"f:spec":{"f:ref":{},"f:nested":{"f:a":{}}}}`)}},
		{Manager: "kubectl", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:spec":{"f:theirs":{}}}`)}},
		{Manager: "controller", Subresource: "status", FieldsV1: &metav1.FieldsV1{Raw: []byte(`{"f:status":{}}`)}},
	})
	w := c.Owners(o)
	for path, want := range map[string]bool{
		"spec/ref": true, "spec/ref/name": true, "spec/nested/a": true, "spec/nested/b": false, "spec/theirs": false,
		"metadata/labels": true, "metadata/labels/team": false,
	} {
		if got := w.Mine(strings.Split(path, "/")...); got != want {
			t.Errorf("%s: got %t", path, got)
		}
	}
	if managers := managersOf(o); strings.Join(managers, " ") != "kubectl "+DefaultFieldManager {
		t.Errorf("managers %q", managers)
	}
}
