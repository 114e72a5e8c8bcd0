package harborapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// transport makes every answer that is no success an *api.Error with Harbor's
// own message. go-client would lose it: its errors print as addresses, and
// those for a status that the API description leaves out have no body at all.
type transport struct {
	base  *api.Transport
	clock *clock
	kinds kinds
	// loggedIn checks the credentials once, before anything else: with wrong
	// ones Harbor answers many reads with what is public, and status 200.
	loggedIn func(context.Context, api.Need) error
}

// RoundTrip implements http.RoundTripper.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(req.URL.Path, infoPath) {
		if err := t.loggedIn(req.Context(), api.NeedOf(req.Context(), req.Method)); err != nil {
			return nil, err
		}
	}
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	t.clock.set(resp)
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, t.refused(req, resp, body)
	}
	if len(body) > 0 && !isJSON(resp) {
		other := t.base.Refused(req, resp, body)
		other.Err, other.Advice = &api.OtherError{Asked: "JSON", Got: api.Foreign(resp.Header.Get("Content-Type"), string(body))}, notHarbor
		return nil, other
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

func isJSON(resp *http.Response) bool {
	media, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	return err == nil && media == "application/json"
}

// refused is the error of an answer. Harbor's have a body of one form; what
// has another is of something in between, and never means that an object is gone.
func (t *transport) refused(req *http.Request, resp *http.Response, body []byte) *api.Error {
	e := t.base.Refused(req, resp, body)
	var said struct {
		Errors []struct{ Code, Message string }
	}
	if json.Unmarshal(body, &said) != nil || len(said.Errors) == 0 {
		e.Advice = adviceToOthers(resp.StatusCode, string(body))
		return e
	}
	first := said.Errors[0]
	e.Message = first.Message
	unknownPath := strings.HasPrefix(first.Message, "path ")
	if e.Status == http.StatusNotFound && first.Code == "NOT_FOUND" && !unknownPath {
		e.Err = api.ErrNotFound
	}
	e.Advice = advice(req.Method, t.kinds.of(req.URL.Path), e.Status, first.Code, unknownPath)
	return e
}

// adviceToOthers is the next step after an answer that is not in Harbor's form;
// "" leaves the choice to the error.
func adviceToOthers(status int, body string) string {
	switch {
	case status == http.StatusTooManyRequests:
		return ""
	case status == http.StatusUnauthorized:
		return badCredentials
	case status >= http.StatusInternalServerError && !strings.Contains(body, "<html"):
		return "" // Harbor itself has answered 500 without a body
	}
	return notHarbor
}

const (
	badCredentials = "The credentials in the provider's `harbor` block were refused. Check `username` and `password`, and that the account is not " +
		"locked or, for a robot, expired."
	notHarbor = "Something other than Harbor's API has answered: a proxy in between, or another service. " +
		"Check `url` in the provider's `harbor` block, which is Harbor's root without /api, and whether Harbor's core is up."
)

// advice is the next step after a refusal.
func advice(method, kind string, status int, code string, unknownPath bool) string {
	switch {
	case status == http.StatusUnauthorized:
		return badCredentials
	case code == "DENIED":
		return "Harbor is in read-only mode. Turn it off (Configuration, System Settings), then run again."
	case status == http.StatusForbidden:
		return fmt.Sprintf("The account in the provider's `harbor` block may not do this, or the %s does not exist: Harbor tells only "+
			"system administrators which. Registries, replications, quotas and proxy caches need a system administrator or a system robot "+
			"with that right.", kind)
	case status == http.StatusNotFound && unknownPath:
		return notHarbor
	case status == http.StatusConflict:
		return fmt.Sprintf("Another %s has the name, or someone changes this one at the same time. Look at it in Harbor, then run again.", kind)
	case status == http.StatusPreconditionFailed && kind == "project":
		return "Harbor deletes a project only when it holds no repositories. Delete them first (the images are gone then), or keep the project."
	case status == http.StatusPreconditionFailed && kind == "registry":
		return "Delete the replication policies and proxy-cache projects that use the registry first, or change them to another one."
	case status == http.StatusBadRequest && kind == "registry" && strings.Contains(strings.ToLower(code), "bad_request"):
		return "Before it saves a registry Harbor connects to it. Check from the network of Harbor that `url` answers, that the " +
			"credentials are good, and that the certificate is known to Harbor or `insecure` is set."
	case status == http.StatusUnprocessableEntity:
		return "The request breaks a limit of Harbor's API; its message names the field."
	case status == http.StatusInternalServerError && method == http.MethodPost && kind == "project":
		return "Harbor writes the cause only into the log of its core. A known one is a `registry_id` that does not exist."
	case status == http.StatusInternalServerError && kind == "registry":
		return "Harbor writes the cause only into the log of its core. Known ones are a `type` that this version does not offer " +
			"and a `credential_type` it does not know."
	case status >= http.StatusInternalServerError:
		return "Harbor failed; the cause is in the log of its core. Run again once it is well."
	}
	return ""
}

// clock tells the server's time, as far as its answers have told it.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration // of the local clock
	known bool
}

func (c *clock) set(resp *http.Response) {
	at, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead, c.known = time.Until(at), true
}

// at is the server's time at a local one.
func (c *clock) at(local time.Time) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return local.Add(c.ahead), c.known
}
