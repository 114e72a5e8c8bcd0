package kongapi

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Codes of refusals: kong/db/errors.lua of 3.9.
const (
	codeInvalidPrimaryKey = 1
	codeSchemaViolation   = 2
	codeForeignKey        = 4
	codeUnique            = 5
	codeNotFound          = 6
	codeUnsupported       = 12
	codeForeignUnresolved = 13
)

// errNothingThere is a 404 in Kong's words, which says too little to tell a missing entity from an unknown path.
var errNothingThere = errors.New("nothing there")

// Refusal is Kong's structured error.
type Refusal struct {
	Code    int            `json:"code"`
	Name    string         `json:"name"`
	Message string         `json:"message"`
	Fields  map[string]any `json:"fields"`
}

// Error implements error: Kong's words.
func (r *Refusal) Error() string { return r.Message }

// Taken is the field and the value that another entity has already, when that is why Kong refused; else "".
func (r *Refusal) Taken() (string, string) {
	if r.Code != codeUnique {
		return "", ""
	}
	for field, v := range r.Fields {
		if s, ok := v.(string); ok {
			return field, s
		}
	}
	return "", ""
}

// At is the field at fault when it is one alone: the first of its name and, below records, the rest.
func (r *Refusal) At() string {
	var named []string
	for name := range r.Fields {
		if !strings.HasPrefix(name, "@") {
			named = append(named, name)
		}
	}
	if len(named) != 1 {
		return ""
	}
	return named[0]
}

// explain completes the error of a refused request from Kong's answer.
func explain(e *api.Error) {
	var r Refusal
	if json.Unmarshal([]byte(e.Body), &r) != nil {
		return
	}
	e.Message = r.Message
	if r.Code == 0 {
		explainPlain(e)
		return
	}
	e.Err = &r
	e.Advice = r.advice()
	if r.Code == codeNotFound {
		e.Err = errors.Join(api.ErrNotFound, &r)
	}
}

// explainPlain is for answers with nothing but a message.
func explainPlain(e *api.Error) {
	switch {
	case e.Status == http.StatusNotFound && e.Message == "Not found":
		e.Err = errNothingThere
		e.Advice = "Check `admin_url` in the provider's `kong` block, and that the gateway is Kong 3.x: this path is unknown to it, or what it names is gone."
	case e.Status == http.StatusNotFound && strings.HasPrefix(e.Message, "no Route matched"):
		e.Advice = "This is Kong's proxy, not its Admin API. Check `admin_url` in the provider's `kong` block: the Admin API listens on 8001 or 8444 " +
			"by default, the proxy on 8000 or 8443."
	case e.Status == http.StatusMethodNotAllowed:
		e.Advice = "The Admin API does not allow this here: `admin_url` may point to a read-only listener (a data plane, or a filter in front)."
	}
}

// advice is the next step where Kong's words leave it open.
func (r *Refusal) advice() string {
	switch r.Code {
	case codeUnsupported:
		return "This gateway runs without a database (`database = off`), where nothing can be changed through the Admin API. Manage its declarative " +
			"configuration instead, or point `admin_url` in the provider's `kong` block to a control plane with a database."
	case codeForeignKey:
		if by, ok := r.Fields["@referenced_by"].(string); ok {
			return "It is still used by " + by + ". Remove or detach those first."
		}
		return "What it refers to does not exist in this gateway. Refer to a resource's `id` rather than to a value written out, so that it is made first."
	case codeForeignUnresolved:
		return "What it refers to by name does not exist in this gateway."
	case codeNotFound:
		return "It was deleted outside of Terraform meanwhile. Run again: the next plan makes it anew."
	case codeInvalidPrimaryKey:
		return "Give its id, a UUID."
	case codeSchemaViolation:
		return r.schemaAdvice()
	}
	return ""
}

func (r *Refusal) schemaAdvice() string {
	unknown := slices.DeleteFunc(slices.Sorted(maps.Keys(r.Fields)), func(name string) bool { return r.Fields[name] != "unknown field" })
	switch {
	case slices.Contains(unknown, "expression") || slices.Contains(unknown, "priority"):
		return "`expression` and `priority` exist only where the gateway runs with `router_flavor = expressions`. Set that in kong.conf, or match by " +
			"hosts, paths, methods, headers."
	case len(unknown) > 0:
		return "This gateway does not know " + strings.Join(unknown, ", ") + ": its version is older than the setting, or it is one of Kong Enterprise."
	}
	return ""
}
