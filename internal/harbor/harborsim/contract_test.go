package harborsim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"sigs.k8s.io/yaml"
)

// contract is Harbor's own API description, as it comes with its Go client.
type contract struct {
	router  routers.Router
	checked atomic.Int64
}

func loadContract(t *testing.T) *contract {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/goharbor/go-client").Output()
	if err != nil {
		t.Fatalf("find go-client: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "api", "v2.0", "swagger.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	withoutBareObjects(raw)
	if text, err = json.Marshal(raw); err != nil {
		t.Fatal(err)
	}
	var old openapi2.T
	if err := json.Unmarshal(text, &old); err != nil {
		t.Fatal(err)
	}
	document, err := openapi2conv.ToV3(&old)
	if err != nil {
		t.Fatal(err)
	}
	document.Servers = nil // paths only
	router, err := legacy.NewRouter(document)
	if err != nil {
		t.Fatal(err)
	}
	return &contract{router: router}
}

// check holds an answer with a body to the schema of its status. What the
// document leaves out (most of the 422, for example) is not checked.
func (c *contract) check(t *testing.T, n int, resp *http.Response, body []byte) {
	t.Helper()
	request := &http.Request{Method: resp.Request.Method, URL: &url.URL{Path: strings.TrimPrefix(resp.Request.URL.Path, base)}}
	route, _, err := c.router.FindRoute(request)
	if err != nil {
		return // Harbor answers on paths that the document does not name
	}
	answer := route.Operation.Responses.Status(resp.StatusCode)
	if answer == nil || answer.Value == nil || len(body) == 0 {
		return
	}
	media := answer.Value.Content.Get("application/json")
	if media == nil || media.Schema == nil {
		return
	}
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(&value); err != nil {
		t.Errorf("%d: %s %s: %v", n, resp.Request.Method, resp.Request.URL.Path, err)
		return
	}
	c.checked.Add(1)
	if err := media.Schema.Value.VisitJSON(withoutNull(value), openapi3.MultiErrors()); err != nil {
		t.Errorf("%d: %s %s does not keep to Harbor's API description: %v", n, resp.Request.Method, resp.Request.URL.Path, err)
	}
}

// withoutNull drops null fields: Swagger 2 cannot say that a field may be null,
// and the real Harbor sends null for some empty lists.
func withoutNull(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if value == nil {
				delete(v, key)
				continue
			}
			withoutNull(value)
		}
	case []any:
		for _, value := range v {
			withoutNull(value)
		}
	}
	return v
}

// withoutBareObjects lets an object of which nothing more is said be anything:
// that is how Harbor means it (a filter's value is a string or a list) and how
// go-swagger reads it.
func withoutBareObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["type"] == "object" && v["properties"] == nil && v["additionalProperties"] == nil && v["allOf"] == nil {
			delete(v, "type")
		}
		for _, value := range v {
			withoutBareObjects(value)
		}
	case []any:
		for _, value := range v {
			withoutBareObjects(value)
		}
	}
}
