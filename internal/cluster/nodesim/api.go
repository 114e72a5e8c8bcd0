package nodesim

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func metaNow() metav1.Time { return metav1.NewTime(time.Now().Truncate(time.Second)) }

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func textOf(encoded string) string {
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return ""
	}
	return string(text)
}

// apiServer serves a connection to the API server of a control plane.
func (m *Machine) serveAPI(conn net.Conn) error {
	served, err := m.pair("apiserver").load()
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(m.File(pki + "ca.crt")))
	config := &tls.Config{
		Certificates: []tls.Certificate{served}, ClientCAs: roots, ClientAuth: tls.VerifyClientCertIfGiven,
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		Time: func() time.Time { return time.Now().Add(m.clock) },
	}
	server := &http.Server{
		Handler: m.sim.withFaults(m), ReadHeaderTimeout: timeLimit,
		ErrorLog: log.New(io.Discard, "", 0), // of clients that go away
	}
	listener := newOneShot(tls.Server(conn, config))
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			listener.Close()
		}
	}
	m.sim.work.Go(func() { _ = server.Serve(listener) })
	return nil
}

// ServeHTTP answers as the API server on the machine.
func (m *Machine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	answer, refused := m.answer(r, body)
	if text, ok := answer.(string); ok && refused == nil {
		fmt.Fprint(w, text)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	switch {
	case refused != nil:
		status = refused.Code
		answer = map[string]any{
			"apiVersion": "v1", "kind": "Status", "metadata": map[string]any{}, "status": "Failure",
			"message": refused.Message, "reason": refused.Reason, "code": refused.Code,
		}
	case r.Method == http.MethodPost:
		status = http.StatusCreated
	}
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		return
	}
}

func (m *Machine) answer(r *http.Request, body []byte) (any, *refusal) {
	m.sim.observe()
	c := m.cluster
	if c == nil || !m.running() {
		return nil, refuse(503, "ServiceUnavailable", "the API server is stopping")
	}
	user := ""
	if len(r.TLS.PeerCertificates) > 0 {
		user = r.TLS.PeerCertificates[0].Subject.CommonName
	}
	switch r.URL.Path {
	case "/livez", "/readyz", "/healthz":
		if !c.quorum() {
			return nil, refuse(500, "InternalError", "[-]etcd failed: reason withheld")
		}
		return "ok", nil
	case "/version":
		version := parsePod(m.pods["kube-apiserver.yaml"]).tag()
		parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
		return map[string]string{"major": parts[0], "minor": parts[1], "gitVersion": version}, nil
	}
	t, known := parse(r.URL.Path)
	switch {
	case !known || r.URL.Query().Has("watch"):
		m.sim.errorf("%s: the API has no %s %s", m.name, r.Method, r.URL)
		return nil, refuse(404, "NotFound", "the server could not find the requested resource")
	case user == "":
		return nil, refuse(401, "Unauthorized", "Unauthorized")
	case !c.allows(user):
		return nil, refuse(403, "Forbidden", "%s is forbidden: User %q cannot %s resource %q in API group \"\" at the cluster scope", t.plural(), user, strings.ToLower(r.Method), t.plural())
	case !c.quorum():
		return nil, refuse(500, "InternalError", "etcdserver: request timed out")
	}
	answer, refused := c.serve(t, r, body)
	if answer == nil && refused == nil {
		m.sim.errorf("%s: the API has no %s %s", m.name, r.Method, r.URL)
		return nil, refuse(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
	}
	if o, ok := answer.(*object); ok && o != nil {
		return o.Object, refused
	}
	return answer, refused
}

// allows tells whether a user may do anything: until kubeadm has bound it to a role, the administrator may not.
func (c *cluster) allows(user string) bool {
	return user == identities["super-admin.conf"][0] || user == identities["admin.conf"][0] && c.bound
}

// oneShot is a listener that accepts one connection.
type oneShot struct {
	conns chan net.Conn
	once  sync.Once
}

func newOneShot(conn net.Conn) *oneShot {
	l := &oneShot{conns: make(chan net.Conn, 1)}
	l.conns <- conn
	return l
}

func (l *oneShot) Accept() (net.Conn, error) {
	if conn, ok := <-l.conns; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (l *oneShot) Close() error {
	l.once.Do(func() { close(l.conns) })
	return nil
}

func (l *oneShot) Addr() net.Addr { return &net.TCPAddr{} }
