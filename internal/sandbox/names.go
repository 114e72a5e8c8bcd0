package sandbox

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// names is an HTTP proxy behind which servers of this process have the names
// that they would have at work, and certificates for them. Other names do not
// exist: nothing that uses the proxy gets out of the sandbox.
type names struct {
	servers map[string]http.Handler // by host
	secure  string                  // address of the server that speaks TLS
}

// serveNames starts the proxy and writes the certificate to trust to dir. It
// returns the environment variables that lead through it.
func (s *servers) serveNames(ctx context.Context, servers map[string]http.Handler, dir string) ([]string, error) {
	cert, file, err := certificate(dir, slices.Sorted(maps.Keys(servers)))
	if err != nil {
		return nil, err
	}
	n := &names{servers: servers}
	secure, err := s.listen(ctx, n, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	n.secure = secure
	proxy, err := s.listen(ctx, n, nil)
	if err != nil {
		return nil, err
	}
	return []string{
		"HTTP_PROXY=http://" + proxy, "HTTPS_PROXY=http://" + proxy, "NO_PROXY=127.0.0.1",
		"HARBOR_CA_CERT_FILE=" + file, "GUACAMOLE_CA_CERT_FILE=" + file, "AWS_CA_BUNDLE=" + file,
	}, nil
}

// ServeHTTP implements http.Handler for both sides of the proxy.
func (n *names) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := (&url.URL{Host: r.Host}).Hostname()
	server, ok := n.servers[host]
	switch {
	case !ok:
		http.Error(w, "the sandbox has no "+host, http.StatusBadGateway)
	case r.Method == http.MethodConnect:
		n.tunnel(w, r)
	default:
		server.ServeHTTP(w, r)
	}
}

// tunnel connects a client with the server that speaks TLS.
func (n *names) tunnel(w http.ResponseWriter, r *http.Request) {
	server, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", n.secure)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer server.Close()
	client, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer client.Close()
	if _, err := io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(server, buffered)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// certificate makes a certificate for all names, and writes it to dir for
// clients to trust.
func certificate(dir string, names []string) (tls.Certificate, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()),
		Subject:      pkix.Name{CommonName: "sandbox"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(24 * time.Hour),
		DNSNames:     names,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, "", err
	}
	file := filepath.Join(dir, "ca.pem")
	err = os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file, err
}
