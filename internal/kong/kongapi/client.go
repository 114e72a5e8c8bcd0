// Package kongapi is the client of Kong Gateway's Admin API: entities by id or name, refusals with the field at fault,
// reads that are shared between the resources of one run.
//
// It was written against Kong Gateway OSS 3.9 and knows no Terraform.
package kongapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
)

// Config is how to reach the Admin API. Open source Kong has no authentication of its own: user and password, like
// headers, are for the proxy or the loop-back route in front of it.
type Config struct {
	HTTP               api.Config
	Username, Password string
}

// Client speaks with one gateway.
type Client struct {
	Services *Collection[Service]
	Routes   *Collection[Route]

	http      *api.Client
	confirmed api.Flight[Info] // whether the URL is an Admin API's
}

// New returns a client. It contacts nothing.
func New(config Config) (*Client, error) {
	pair := config.Username + ":" + config.Password
	if config.Username != "" {
		headers := maps.Clone(config.HTTP.Headers)
		if headers == nil {
			headers = map[string]string{}
		}
		headers["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(pair))
		config.HTTP.Headers = headers
	}
	h, err := api.NewClient(config.HTTP)
	if err != nil {
		return nil, err
	}
	h.Secrets().Add(config.Password, pair)
	h.Explain = explain
	c := &Client{http: h}
	c.Services = collection[Service](c, "services")
	c.Routes = collection[Route](c, "routes")
	return c, nil
}

// Info is what a gateway says of itself.
type Info struct {
	Version      string // "3.9.3"
	Edition      string // "community" or "enterprise"
	Database     string // "postgres", or "off" without one
	RouterFlavor string // "traditional_compatible", "traditional" or "expressions"
}

// Info asks the gateway what it is.
func (c *Client) Info(ctx context.Context) (Info, error) {
	var root struct {
		Version       string `json:"version"`
		Edition       string `json:"edition"`
		Configuration struct {
			Database     string `json:"database"`
			RouterFlavor string `json:"router_flavor"`
		} `json:"configuration"`
	}
	err := c.http.Do(ctx, http.MethodGet, "/", nil, nil, &root)
	return Info{root.Version, root.Edition, root.Configuration.Database, root.Configuration.RouterFlavor}, err
}

// confirm makes sure, once, that the URL is the root of an Admin API. Kong says "Not found" of an unknown path in the
// very words it uses for a missing entity: with a path too much in the URL, everything would seem to be deleted.
func (c *Client) confirm(ctx context.Context) error {
	_, err := c.confirmed.Do(ctx, api.ToRead, func(ctx context.Context) (Info, error) {
		info, err := c.Info(ctx)
		if err == nil && info.Version == "" {
			err = fmt.Errorf("GET /: the answer has no version")
		}
		if err != nil {
			return info, &notAdminAPIError{err}
		}
		return info, nil
	})
	return err
}

type notAdminAPIError struct{ error }

func (e *notAdminAPIError) Unwrap() error { return e.error }

// Error adds what the failed request means.
func (e *notAdminAPIError) Error() string {
	return "this does not look like Kong's Admin API: " + e.error.Error()
}

// Hint implements the hint of an error.
func (e *notAdminAPIError) Hint() string {
	return "Check `admin_url` in the provider's `kong` block: it is the root of the Admin API, by default http://<host>:8001 or " +
		"https://<host>:8444, without a path of Kong's own."
}
