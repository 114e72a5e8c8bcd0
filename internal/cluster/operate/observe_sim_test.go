package operate

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

// authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

// issue makes a certificate for servers and clients, with its key.
func (a *authority) issue(t *testing.T, end time.Time, names ...string) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end,
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}, a.cert, private.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
}

// hash is the authority as kubeadm join wants it.
func (a *authority) hash() string { return caHash(a.cert) }

// adminConf is a kubeconfig whose certificate ends at a time.
func (a *authority) adminConf(t *testing.T, end time.Time) string {
	t.Helper()
	cert, key := a.issue(t, end)
	encode := base64.StdEncoding.EncodeToString
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: %s
    server: https://cluster.example.internal:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubernetes-admin
  name: kubernetes-admin@kubernetes
current-context: kubernetes-admin@kubernetes
users:
- name: kubernetes-admin
  user:
    client-certificate-data: %s
    client-key-data: %s
`, encode(a.pem), encode(cert), encode(key))
}

// machine is an SSH server whose commands see files below a folder, and whose
// tunnels end where the test says.
type machine struct {
	*sshtest.Server
	root string
	// tunnels are addresses on the machine and where they really are.
	tunnels map[string]string
	// through makes other addresses lead where they say.
	through bool
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{root: t.TempDir(), tunnels: map[string]string{}}
	for name, script := range map[string]string{
		"kubeadm":    "echo v1.34.4",
		"kubelet":    "echo Kubernetes v1.34.4",
		"containerd": "echo " + debianContainerd,
		"systemctl":  "echo onprem-kubeadm-join.service loaded active running onprem-kubeadm-join",
	} {
		m.write(t, "bin/"+name, "#!/bin/sh\n"+script+"\n")
	}
	inside := strings.NewReplacer("/etc/kubernetes", m.root+"/etc/kubernetes", "/var/lib/", m.root+"/var/lib/")
	m.Server = sshtest.Start(t, sshtest.Options{
		Exec: func(e *sshtest.Exec) int {
			e.Command = inside.Replace(e.Command)
			return e.Shell(func(cmd *exec.Cmd) { cmd.Env = append(os.Environ(), "PATH="+m.root+"/bin:"+os.Getenv("PATH")) })
		},
		Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
			to, ok := m.tunnels[address]
			if m.through && !ok {
				to, ok = address, true
			}
			if !ok {
				return nil, fmt.Errorf("dial %s: connection refused", address)
			}
			return (&net.Dialer{}).DialContext(ctx, network, to)
		},
	})
	return m
}

func (m *machine) write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(m.root, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) access() remote.Config {
	return remote.Config{Host: m.Host(), Port: m.Port(), HostKeys: []string{m.HostKey()}, PrivateKeys: []string{m.PrivateKey()}}
}

const apiServerManifest = `apiVersion: v1
kind: Pod
metadata:
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
    - kube-apiserver
    - --advertise-address=192.0.2.11
    - --secure-port=6443
    - --audit-log-path=
    - --service-account-issuer=https://a.example.com
    - --service-account-issuer=https://b.example.com
    image: registry.example.internal:5000/kube-apiserver:v1.34.4@sha256:0000000000000000000000000000000000000000000000000000000000000000
    name: kube-apiserver
`

// controlPlane makes a machine a control plane, whose API server is a handler.
func (m *machine) controlPlane(t *testing.T, ca *authority, api http.Handler) {
	t.Helper()
	year := time.Now().Add(365 * 24 * time.Hour)
	m.write(t, "etc/kubernetes/pki/ca.crt", string(ca.pem))
	m.write(t, "etc/kubernetes/admin.conf", ca.adminConf(t, year))
	m.write(t, "etc/kubernetes/manifests/kube-apiserver.yaml", apiServerManifest)
	cert, key := ca.issue(t, year, apiName)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(api)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	m.tunnels["192.0.2.11:6443"] = server.Listener.Addr().String()
}

// answers is an API server that has objects, by path, and is ready.
type answers map[string]string

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	body, ok := a[r.URL.Path]
	switch {
	case r.URL.Path == "/readyz":
		w.Header().Set("Content-Type", "text/plain")
		body = "ok"
	case !ok:
		w.WriteHeader(http.StatusNotFound)
		body = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"not found"}`
	}
	_, _ = w.Write([]byte(body))
}

// targetOf is a cluster of control planes.
func targetOf(machines map[string]*machine) Target {
	t := Target{
		Cluster: kubeadm.Cluster{Name: "prod", Nodes: map[string]kubeadm.Node{}},
		Access:  map[string]remote.Config{},
	}
	for node, m := range machines {
		t.Cluster.Nodes[node] = kubeadm.Node{Role: kubeadm.ControlPlane}
		t.Access[node] = m.access()
	}
	return t
}

func newOperator(t *testing.T) *Operator {
	t.Helper()
	o := New(nil)
	t.Cleanup(o.Close)
	return o
}
