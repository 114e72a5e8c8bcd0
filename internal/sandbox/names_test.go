package sandbox

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	t.Parallel()
	var s servers
	t.Cleanup(s.Stop)
	dir := t.TempDir()
	harbor := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "harbor at "+r.URL.Path) })
	env, err := s.serveNames(t.Context(), map[string]http.Handler{"harbor.example.internal": harbor}, dir)
	if err != nil {
		t.Fatal(err)
	}
	client := through(t, env, filepath.Join(dir, "ca.pem"))
	for name, tc := range map[string]struct{ url, want string }{
		"plain":            {"http://harbor.example.internal/a", "harbor at /a"},
		"TLS":              {"https://harbor.example.internal/a", "harbor at /a"},
		"any port":         {"https://harbor.example.internal:8443/a", "harbor at /a"},
		"unknown":          {"http://registry.example.com/", "the sandbox has no registry.example.com"},
		"unknown with TLS": {"https://registry.example.com/", "Bad Gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := get(t, client, tc.url); !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// through is a client that uses the proxy of env.
func through(t *testing.T, env []string, authority string) *http.Client {
	t.Helper()
	address, ok := strings.CutPrefix(env[0], "HTTP_PROXY=")
	if !ok {
		t.Fatalf("%s is no proxy", env[0])
	}
	proxy, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	roots, err := os.ReadFile(authority)
	if err != nil || !trusted.AppendCertsFromPEM(roots) {
		t.Fatalf("%s: %v", authority, err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy), TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// get returns what was answered, or why nothing was.
func get(t *testing.T, client *http.Client, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		return err.Error()
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
