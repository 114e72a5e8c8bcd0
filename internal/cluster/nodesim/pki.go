package nodesim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// pair is a certificate with its key, in the two files that kubeadm keeps of it.
type pair struct{ cert, key string }

const year = 365 * 24 * time.Hour

// issue makes a certificate: signed by ca, or by itself when that is empty.
func (m *Machine) issue(ca pair, template x509.Certificate, life time.Duration) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, err
	}
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		return pair{}, err
	}
	now := time.Now().Add(m.clock)
	template.NotBefore, template.NotAfter = now.Add(-5*time.Minute), now.Add(life)
	parent, signer := &template, crypto.Signer(key)
	if ca.cert == "" {
		template.IsCA, template.BasicConstraintsValid = true, true
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature
	} else {
		loaded, err := ca.load()
		if err != nil {
			return pair{}, err
		}
		parent = loaded.Leaf
		template.KeyUsage = x509.KeyUsageDigitalSignature
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		var ok bool
		if signer, ok = loaded.PrivateKey.(crypto.Signer); !ok {
			return pair{}, errors.New("a key that cannot sign")
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, parent, key.Public(), signer)
	if err != nil {
		return pair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return pair{}, err
	}
	return pair{
		string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
	}, nil
}

func (p pair) load() (tls.Certificate, error) { return tls.X509KeyPair([]byte(p.cert), []byte(p.key)) }

// hash is the name that kubeadm join gives to a certificate authority.
func (p pair) hash() string {
	block, _ := pem.Decode([]byte(p.cert))
	if block == nil {
		return ""
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

const pki = "/etc/kubernetes/pki/"

// pair reads a certificate and its key from the machine.
func (m *Machine) pair(name string) pair {
	return pair{m.File(pki + name + ".crt"), m.File(pki + name + ".key")}
}

func (m *Machine) writePair(name string, p pair) error {
	if err := m.writeFile(pki+name+".crt", p.cert); err != nil {
		return err
	}
	return m.writeFile(pki+name+".key", p.key)
}

// ensure makes a certificate unless it is there.
func (m *Machine) ensure(name, ca string, template x509.Certificate, life time.Duration) error {
	if m.Exists(pki + name + ".crt") {
		return nil
	}
	var signer pair
	if ca != "" {
		signer = m.pair(ca)
	}
	p, err := m.issue(signer, template, life)
	if err != nil {
		return err
	}
	return m.writePair(name, p)
}

// leaf describes a certificate that is not an authority.
type leaf struct {
	name, ca, commonName, organization string
	names                              []string
	addresses                          []string
}

func (l leaf) template() x509.Certificate {
	t := x509.Certificate{Subject: pkix.Name{CommonName: l.commonName}, DNSNames: l.names}
	if l.organization != "" {
		t.Subject.Organization = []string{l.organization}
	}
	for _, a := range l.addresses {
		if ip := net.ParseIP(a); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, a)
		}
	}
	return t
}

// authorities makes the three certificate authorities and the key of service accounts.
func (m *Machine) authorities() error {
	for name, subject := range map[string]string{"ca": "kubernetes", "front-proxy-ca": "front-proxy-ca", "etcd/ca": "etcd-ca"} {
		if err := m.ensure(name, "", x509.Certificate{Subject: pkix.Name{CommonName: subject}, DNSNames: []string{subject}}, 10*year); err != nil {
			return err
		}
	}
	if m.Exists(pki + "sa.key") {
		return nil
	}
	if err := m.writeFile(pki+"sa.key", "private key of service accounts\n"); err != nil {
		return err
	}
	return m.writeFile(pki+"sa.pub", "public key of service accounts\n")
}

// leaves are the certificates of a control plane.
func (m *Machine) leaves(c clusterConfiguration) []leaf {
	host, _, _ := net.SplitHostPort(c.ControlPlaneEndpoint)
	own := []string{m.address, "127.0.0.1"}
	return []leaf{
		{"apiserver", "ca", "kube-apiserver", "", []string{m.name, "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc." + c.Networking.DNSDomain},
			append([]string{m.address, host, "10.96.0.1"}, c.APIServer.CertSANs...)},
		{"apiserver-kubelet-client", "ca", "kube-apiserver-kubelet-client", "kubeadm:cluster-admins", nil, nil},
		{"apiserver-etcd-client", "etcd/ca", "kube-apiserver-etcd-client", "", nil, nil},
		{"front-proxy-client", "front-proxy-ca", "front-proxy-client", "", nil, nil},
		{"etcd/server", "etcd/ca", m.name, "", []string{m.name, "localhost"}, own},
		{"etcd/peer", "etcd/ca", m.name, "", []string{m.name, "localhost"}, own},
		{"etcd/healthcheck-client", "etcd/ca", "kube-etcd-healthcheck-client", "", nil, nil},
	}
}

// certificates makes what is missing of the certificates of a control plane.
func (m *Machine) certificates(c clusterConfiguration) error {
	for _, l := range m.leaves(c) {
		if err := m.ensure(l.name, l.ca, l.template(), year); err != nil {
			return err
		}
	}
	return nil
}

// identities are the kubeconfigs that kubeadm writes, with the user and the group of each.
var identities = map[string][2]string{
	"admin.conf":              {"kubernetes-admin", "kubeadm:cluster-admins"},
	"super-admin.conf":        {"kubernetes-super-admin", "system:masters"},
	"controller-manager.conf": {"system:kube-controller-manager", ""},
	"scheduler.conf":          {"system:kube-scheduler", ""},
	"kubelet.conf":            {"system:node:", "system:nodes"},
}

// kubeconfig writes one of the kubeconfigs.
func (m *Machine) kubeconfig(file, cluster, endpoint string, ca pair) error {
	user := identities[file][0]
	if file == "kubelet.conf" {
		user += m.name
	}
	client, err := m.issue(ca, leaf{commonName: user, organization: identities[file][1]}.template(), year)
	if err != nil {
		return err
	}
	config := clientcmdapi.NewConfig()
	config.Clusters[cluster] = &clientcmdapi.Cluster{Server: "https://" + endpoint, CertificateAuthorityData: []byte(ca.cert)}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: []byte(client.cert), ClientKeyData: []byte(client.key)}
	config.Contexts[user+"@"+cluster] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: user}
	config.CurrentContext = user + "@" + cluster
	text, err := clientcmd.Write(*config)
	if err != nil {
		return err
	}
	return m.writeFile("/etc/kubernetes/"+file, string(text))
}
