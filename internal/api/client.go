package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// Client speaks JSON with one system.
type Client struct {
	transport *Transport
	http      *http.Client
	// Explain completes the error of a refused request from its body: the
	// system's own words, whether the object is missing, what to do. May be nil.
	Explain func(*Error)
}

// NewClient returns a client for the system described by c.
func NewClient(c Config) (*Client, error) {
	c = c.withDefaults()
	if _, err := ParseURL(c.URL); err != nil {
		return nil, c.settingError(c.URLSetting, err)
	}
	transport, err := NewTransport(c)
	if err != nil {
		return nil, err
	}
	return &Client{transport: transport, http: &http.Client{Transport: transport}}, nil
}

// Secrets are what the client's errors and its log do not show.
func (c *Client) Secrets() *mask.Secrets { return c.transport.Secrets() }

// Request is one call. Path is relative to the client's URL, its parts escaped
// (see Path).
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header http.Header
	JSON   any        // the body as JSON, or
	Form   url.Values // the body as a form
}

// Path joins the parts of a request path and escapes each: Path("connections",
// id) is safe for any id.
func Path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// Do sends a request with in as its JSON body (none when nil) and decodes the
// answer into out, as Send does.
func (c *Client) Do(ctx context.Context, method, path string, query url.Values, in, out any) error {
	return c.Send(ctx, Request{Method: method, Path: path, Query: query, JSON: in}, out)
}

// Send sends r and decodes the answer into out; it has to be empty when out is
// nil. An answer outside of 2xx is an *Error.
func (c *Client) Send(ctx context.Context, r Request, out any) error {
	req, err := c.build(ctx, r)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return c.unwrapped(req, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.refused(req, resp, body)
	}
	if out == nil {
		return c.nothing(req, resp, body)
	}
	if err := json.Unmarshal(body, out); err != nil {
		garbled := c.transport.Refused(req, resp, body)
		garbled.Err = fmt.Errorf("%w: %w", errGarbled, err)
		return garbled
	}
	return nil
}

// nothing makes sure that nothing has come where nothing was asked for: what
// answers a delete with an object has not deleted it.
func (c *Client) nothing(req *http.Request, resp *http.Response, body []byte) error {
	err := Nothing(body)
	if err == nil {
		return nil
	}
	other := c.transport.Refused(req, resp, body)
	other.Err = err
	return other
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	target := strings.TrimSuffix(c.transport.config.URL, "/") + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	var body io.Reader
	contentType := ""
	switch {
	case r.JSON != nil:
		data, err := json.Marshal(r.JSON)
		if err != nil {
			return nil, err
		}
		body, contentType = bytes.NewReader(data), "application/json"
	case r.Form != nil:
		body, contentType = strings.NewReader(r.Form.Encode()), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req, nil
}

func (c *Client) refused(req *http.Request, resp *http.Response, body []byte) error {
	e := c.transport.Refused(req, resp, body)
	if c.Explain != nil {
		c.Explain(e)
	}
	return e
}

// unwrapped takes the transport's error out of net/http's, which would repeat
// method and address.
func (c *Client) unwrapped(req *http.Request, err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return c.transport.failed(req, err)
}
