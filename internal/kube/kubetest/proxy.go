package kubetest

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// Proxy stands in front of a cluster: it counts requests, delays them and lets them fail as the handler in it says.
type Proxy struct {
	*faulty.Handler
	Kubeconfig string // leads to the proxy, with all rights

	server *httptest.Server
}

// NewProxy starts a proxy, whose kubeconfig is written to dir.
func NewProxy(c *Cluster, dir string) (*Proxy, error) {
	target, err := url.Parse(c.config.Host)
	if err != nil {
		return nil, err
	}
	transport, err := rest.TransportFor(c.config)
	if err != nil {
		return nil, err
	}
	forward := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1,                         // watches stream
		ErrorLog:      log.New(io.Discard, "", 0), // clients that hang up are what tests are about
	}
	p := &Proxy{Handler: faulty.New(forward), Kubeconfig: filepath.Join(dir, "proxy.kubeconfig")}
	p.server = httptest.NewUnstartedServer(p.Handler)
	p.server.Config.ErrorLog = forward.ErrorLog
	p.server.StartTLS() // speaks HTTP/1.1, so that one lost connection is one lost request
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})
	if err := writeKubeconfig(p.Kubeconfig, p.server.URL, ca, &clientcmdapi.AuthInfo{}); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends the proxy, and the requests that hang in it.
func (p *Proxy) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
}

// Proxy starts a proxy for one test.
func (c *Cluster) Proxy(t testing.TB) *Proxy {
	t.Helper()
	p, err := NewProxy(c, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}
