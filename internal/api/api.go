// Package api is the HTTP core that the clients of all systems share: one
// verified, pooled transport per system with retries, errors that say what to
// do next, and reads that are shared between the resources of one run.
//
// It knows neither Terraform nor any particular system.
package api

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/onprem-tools/terraform-provider-onprem/internal/mask"
)

// Defaults of a Config whose fields are zero.
const (
	DefaultTimeout       = 30 * time.Second
	DefaultMaxRetries    = 4
	DefaultMaxConcurrent = 64
	DefaultMaxResponse   = 32 << 20
)

// Config describes how to reach one system over HTTP.
type Config struct {
	// System is the system's name as users write it in the provider block:
	// "harbor", "kong". Messages name the block by it.
	System string
	// URL is the root that request paths are appended to, with scheme.
	URL string
	// URLSetting is the name of the attribute URL comes from; "url" when empty.
	URLSetting string

	CACertPEM     string // additional trusted certificate authorities
	ClientCertPEM string // client certificate and key go together
	ClientKeyPEM  string
	Insecure      bool // accept any server certificate

	Timeout       time.Duration     // of one try; DefaultTimeout when zero
	MaxRetries    int               // tries after the first; DefaultMaxRetries when zero, none when negative
	MaxConcurrent int               // requests under way at once; DefaultMaxConcurrent when zero
	MaxResponse   int64             // bytes of an answer, unpacked; DefaultMaxResponse when zero
	Headers       map[string]string // sent with every request

	// Secrets are masked in errors and in the log, beside those of a request's
	// context (mask.With): what the system's client knows to be secret. Values of
	// Headers and the client's key are added. May be nil.
	Secrets *mask.Secrets

	// Base sends single requests; a pool of connections as described above when
	// nil. It is for tests that must not wait for a network.
	Base http.RoundTripper

	// Log receives one entry per try. Fields never hold headers or bodies,
	// which is where secrets travel. May be nil.
	Log func(ctx context.Context, msg string, fields map[string]any)
}

func (c Config) withDefaults() Config {
	if c.URLSetting == "" {
		c.URLSetting = "url"
	}
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.MaxRetries == 0 {
		c.MaxRetries = DefaultMaxRetries
	}
	if c.MaxConcurrent == 0 {
		c.MaxConcurrent = DefaultMaxConcurrent
	}
	if c.MaxResponse == 0 {
		c.MaxResponse = DefaultMaxResponse
	}
	if c.Secrets == nil {
		c.Secrets = &mask.Secrets{}
	}
	for name, value := range c.Headers {
		if name != "User-Agent" {
			c.Secrets.Add(value)
		}
	}
	c.Secrets.Add(c.ClientKeyPEM)
	return c
}

// ParseURL checks that s is an absolute http or https URL without a query, as
// the root of a system must be.
func ParseURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("%q does not start with http:// or https://", s)
	case u.Host == "":
		return nil, fmt.Errorf("%q names no host", s)
	case u.User != nil:
		return nil, errors.New("the URL holds a user name or password; use the settings of the block instead")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q has a query or fragment", s)
	}
	return u, nil
}

// tlsConfig returns the TLS settings of c. Certificates are verified unless
// c.Insecure says otherwise.
func (c Config) tlsConfig() (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: c.Insecure} // the user's explicit choice, which the provider warns of
	if c.CACertPEM != "" {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM([]byte(c.CACertPEM)) {
			return nil, c.settingError("ca_cert_pem", errors.New("no certificate in PEM form found"))
		}
		t.RootCAs = pool
	}
	if c.ClientCertPEM != "" || c.ClientKeyPEM != "" {
		pair, err := tls.X509KeyPair([]byte(c.ClientCertPEM), []byte(c.ClientKeyPEM))
		if err != nil {
			return nil, c.settingError("client_cert_pem", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

func (c Config) settingError(setting string, err error) error {
	return &Error{
		System: c.System, Err: fmt.Errorf("%s: %w", setting, err),
		Advice: fmt.Sprintf("Correct `%s` in the provider's `%s` block.", setting, c.System),
	}
}

// httpTransport is the connection pool below the retries.
func (c Config) httpTransport() (http.RoundTripper, error) {
	if c.Base != nil {
		return c.Base, nil
	}
	tlsConfig, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	proxy, err := ProxyFromEnvironment()
	if err != nil {
		return nil, &Error{System: c.System, Err: err, Advice: proxyAdvice}
	}
	return &http.Transport{
		Proxy:               proxy,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		IdleConnTimeout:     90 * time.Second,
		// Go keeps two idle connections per host by default; a refresh of many
		// objects would then open a new one for nearly every request.
		MaxIdleConnsPerHost: c.MaxConcurrent,
		MaxIdleConns:        c.MaxConcurrent,
	}, nil
}

const proxyAdvice = "Correct the variable or unset it. Without it the request would leave this machine directly, which is not what the variable is for."

// ProxyFromEnvironment chooses the proxy that HTTP_PROXY, HTTPS_PROXY and
// NO_PROXY name. Where net/http goes without a proxy that it cannot understand,
// this is an error.
func ProxyFromEnvironment() (func(*http.Request) (*url.URL, error), error) {
	env := httpproxy.FromEnvironment()
	for name, value := range map[string]string{"HTTP_PROXY": env.HTTPProxy, "HTTPS_PROXY": env.HTTPSProxy} {
		if value != "" && !isProxy(value) {
			return nil, fmt.Errorf("%s in the environment is not the URL of a proxy, such as http://proxy.example.internal:3128", name)
		}
	}
	choose := env.ProxyFunc()
	return func(req *http.Request) (*url.URL, error) { return choose(req.URL) }, nil
}

// isProxy accepts what net/http does: a URL, or a host with a port.
func isProxy(value string) bool {
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, u.Scheme) {
		u, err = url.Parse("http://" + value)
	}
	if err != nil || u.Hostname() == "" || strings.Contains(u.Host, "://") || u.Path != "" && u.Path != "/" {
		return false
	}
	_, err = strconv.ParseUint(cmp.Or(u.Port(), "80"), 10, 16)
	return err == nil
}
