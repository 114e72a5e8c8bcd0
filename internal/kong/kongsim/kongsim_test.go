package kongsim_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/kong/kongsim"
)

// send answers the status and the body of one request.
func send(t *testing.T, method, url, body string, header ...string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	_ = json.Unmarshal(raw, &out) // none for 204
	return resp.StatusCode, out
}

// TestExpressions covers the flavour of which there are no recordings, from the gateway's own rules.
func TestExpressions(t *testing.T) {
	t.Parallel()
	url := kongsim.New(kongsim.Flavor(kongsim.Expressions)).Start(t)
	for name, tt := range map[string]struct{ body, refusal string }{
		"expression":       {`{"expression":"http.path ^= \"/a\" && (http.method == \"GET\" || !(net.port == 80))"}`, ""},
		"functions":        {`{"expression":"any(lower(http.headers.x_site)) in \"seoul\"","priority":70368744177663}`, ""},
		"classic":          {`{"paths":["/a"]}`, ""},
		"sources":          {`{"paths":["/a"],"sources":[{"ip":"10.0.0.0/8"}]}`, ""},
		"neither":          {`{}`, "must set one of 'methods', 'hosts', 'headers', 'paths', 'snis', 'expression'"},
		"both":             {`{"paths":["/a"],"expression":"http.path == \"/a\""}`, "cannot set 'expression' with"},
		"regex_priority":   {`{"regex_priority":1,"expression":"http.path == \"/a\""}`, "'regex_priority'"},
		"priority":         {`{"paths":["/a"],"priority":1}`, "cannot set 'priority'"},
		"priority range":   {`{"expression":"http.path == \"/a\"","priority":70368744177664}`, "value should be between 0 and 70368744177663"},
		"unknown field":    {`{"expression":"http.nothing == \"/a\""}`, "Router Expression failed validation"},
		"no operator":      {`{"expression":"http.path"}`, "expected binary_operator"},
		"no value":         {`{"expression":"http.path == "}`, "expected rhs"},
		"open parenthesis": {`{"expression":"(http.path == \"/a\""}`, "expected )"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, answer := send(t, "POST", url+"/routes", tt.body)
			message, _ := answer["message"].(string)
			if tt.refusal == "" && status != http.StatusCreated || tt.refusal != "" && (status != 400 || !strings.Contains(message, tt.refusal)) {
				t.Errorf("%d: %s", status, message)
			}
		})
	}
	if _, root := send(t, "GET", url+"/", ""); root["configuration"].(map[string]any)["router_flavor"] != kongsim.Expressions {
		t.Error("GET / tells another flavour")
	}
}

func TestTraditionalTakesNoWildcardSNIs(t *testing.T) {
	t.Parallel()
	url := kongsim.New(kongsim.Flavor(kongsim.Traditional)).Start(t)
	if status, answer := send(t, "POST", url+"/routes", `{"snis":["*.a.test"]}`); status != 400 {
		t.Errorf("%d: %v", status, answer)
	}
}

func TestWithoutDatabase(t *testing.T) {
	t.Parallel()
	url := kongsim.New(kongsim.DBLess()).Start(t)
	if status, answer := send(t, "POST", url+"/routes", `{"paths":["/a"]}`); status != 405 || answer["code"] != 12.0 {
		t.Errorf("valid: %d: %v", status, answer)
	}
	if status, answer := send(t, "POST", url+"/routes", `{}`); status != 400 {
		t.Errorf("invalid: %d: %v", status, answer)
	}
	if status, _ := send(t, "DELETE", url+"/routes/none", ""); status != 204 {
		t.Errorf("delete of nothing: %d", status)
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	url := kongsim.New(kongsim.Header("Kong-Admin-Token", "t0ken")).Start(t)
	if status, _ := send(t, "GET", url+"/services", ""); status != http.StatusUnauthorized {
		t.Errorf("without: %d", status)
	}
	if status, _ := send(t, "GET", url+"/services", "", "Kong-Admin-Token", "t0ken"); status != http.StatusOK {
		t.Errorf("with: %d", status)
	}
}

// TestBehindTheBack covers what tests do to a gateway behind its client's back.
func TestBehindTheBack(t *testing.T) {
	t.Parallel()
	sim := kongsim.New()
	url := sim.Start(t)
	id := sim.Add("services", map[string]any{"name": "frs", "host": "h"})
	if err := sim.Edit("services", "frs", map[string]any{"port": 81}); err != nil || sim.View("services", id)["port"] != 81.0 {
		t.Errorf("Edit: %v (%v)", sim.View("services", id), err)
	}
	if sim.Edit("services", "none", nil) == nil {
		t.Error("what is not there was edited")
	}
	if _, answer := send(t, "GET", url+"/services/frs", ""); answer["port"] != 81.0 {
		t.Errorf("the client sees %v", answer)
	}
	sim.Add("routes", map[string]any{"name": "r", "paths": []string{"/a"}, "service": map[string]any{"id": id}})
	if sim.Forget("services", "frs") || !sim.Forget("routes", "r") || !sim.Forget("services", id) || sim.Forget("services", "frs") {
		t.Errorf("Forget: %v", sim.Entities("services"))
	}
	sim.Add("services", map[string]any{"name": "left", "host": "h"})
	if left := sim.Left(); len(left) != 1 || left[0] != "services left" {
		t.Errorf("Left: %v", left)
	}
	if n := sim.Count("GET /services/*"); n != 1 {
		t.Errorf("%d requests counted", n)
	}
}
