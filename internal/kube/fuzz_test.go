package kube

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// canned answers every request in the same way, without a network.
type canned struct {
	status int
	body   []byte
}

func (c *canned) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: c.status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(c.body)), Request: req,
	}, nil
}

// FuzzAnswers: whatever an answer says, it is read, or it is an error that can
// be shown.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		named("tor-1"), listOf("", named("tor-1")), listOf("a", "null"), "null", "{}", `[null]`, `{"metadata":{"name":1}}`,
		statusBody(404, "NotFound", "gone", `{"name":"tor-1","kind":"bgppeers"}`),
		statusBody(409, "Conflict", "conflict", `{"causes":[{"reason":"FieldManagerConflict","message":"conflict with \"a\"","field":".spec"}]}`),
		statusBody(500, "", "error with the following fields:\n-  Node = 'a' (Reason: one)\n", "null"),
		`{"kind":"BGPPeer","apiVersion":"projectcalico.org/v3","metadata":{"name":"tor-1","managedFields":[{"manager":"a","fieldsV1":{"f:spec":{}}},null]}}`,
	} {
		for _, status := range []int{200, 404, 409, 500} {
			f.Add(status, []byte(body))
		}
	}
	c, err := New(Config{Host: "https://kube.example.internal", MaxRetries: -1})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			return
		}
		answer := &http.Client{Transport: &reader{base: &canned{status, body}, limit: DefaultMaxResponse, secrets: c.secrets}}
		if c.dynamic, err = dynamic.NewForConfigAndClient(&rest.Config{Host: "https://kube.example.internal", QPS: -1}, answer); err != nil {
			t.Fatal(err)
		}
		key := Key{Name: "tor-1"}
		got, err := c.one(t.Context(), peers, key)
		shown(t, err)
		if err == nil {
			isAsked(t, got)
			c.Owners(got)
		}
		got, err = c.Apply(t.Context(), peers, peer("tor-1"), ApplyOptions{})
		shown(t, err)
		if err == nil {
			isAsked(t, got)
		}
		all, err := c.List(t.Context(), peers, "", "")
		shown(t, err)
		for _, o := range all {
			if err == nil && (o.GetName() == "" || o.GetKind() != peers.Kind) {
				t.Errorf("the list has %v", o)
			}
		}
	})
}

func isAsked(t *testing.T, o *Object) {
	t.Helper()
	if o.GetName() != "tor-1" || o.GetKind() != peers.Kind {
		t.Errorf("taken for tor-1: %v", o)
	}
}

// shown shows an error in every way.
func shown(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if err == nil {
		return
	}
	if !errors.As(err, &e) || e.Error() == "" {
		t.Fatalf("got %v", err)
	}
	for _, part := range e.Each() {
		_, _, _ = part.Error(), part.Hint(), part.Field()
	}
	if api.IsNotFound(err) && e.Status != http.StatusNotFound {
		t.Errorf("counts as gone after %d", e.Status)
	}
}
