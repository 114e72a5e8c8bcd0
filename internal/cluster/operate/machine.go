package operate

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/x509"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

//go:embed scripts/observe.sh
var observeScript string

const (
	// observeTimeout bounds the look at one machine: one that is connected but
	// stuck, on a dead disk say, must not hold up the others.
	observeTimeout = 45 * time.Second

	etcdDataDir = "/var/lib/etcd"
)

var errReportCut = errors.New("the machine's report does not come to its end")

// askMachine asks a machine about itself.
func (o *Operator) askMachine(ctx context.Context, t Target, node string) (kubeadm.Machine, error) {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	conn, err := o.conn(ctx, t, node)
	if err != nil {
		return kubeadm.Machine{}, err
	}
	result, err := conn.Run(ctx, remote.Script("observing", observeScript, cmp.Or(t.Cluster.Etcd.DataDir, etcdDataDir)))
	if err != nil {
		return kubeadm.Machine{}, err
	}
	m, err := parseMachine(string(result.Stdout))
	if err != nil {
		return kubeadm.Machine{}, fmt.Errorf("%s: %w", conn.Host(), err)
	}
	return m, nil
}

// parseMachine reads the report of scripts/observe.sh. What tells whose machine
// it is must be readable; a manifest that an interrupted join left half written
// is one that says nothing.
func parseMachine(report string) (kubeadm.Machine, error) {
	var m kubeadm.Machine
	body, complete := strings.CutSuffix(report, "end\n")
	if !complete {
		return m, errReportCut
	}
	for line := range strings.Lines(body) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if err := addFact(&m, name, value); err != nil {
			return kubeadm.Machine{}, err
		}
	}
	slices.Sort(m.Manifests)
	slices.Sort(m.Jobs)
	return m, nil
}

// addFact adds one line of a report.
func addFact(m *kubeadm.Machine, name, value string) error {
	switch name {
	case "owner":
		if err := json.Unmarshal(decode(value), &m.Owner); err != nil {
			return fmt.Errorf("/etc/kubernetes/onprem.json, which says whose machine this is, cannot be read: %w", err)
		}
	case "ca":
		ca, err := parseCertificate(decode(value))
		if err != nil {
			return fmt.Errorf("/etc/kubernetes/pki/ca.crt cannot be read: %w", err)
		}
		m.CAHash = caHash(ca)
	case "apiserver":
		m.CertificateSANs = certificateSANs(decode(value))
	case "certificate":
		addExpiry(m, decode(value))
	case "conf":
		m.AdminConf = m.AdminConf || value == "admin"
		m.KubeletConf = m.KubeletConf || value == "kubelet"
	case "manifest":
		file, content, _ := strings.Cut(value, " ")
		addManifest(m, file, decode(content))
	case "kubelet-config":
		m.KubeletConfig, _ = yaml.YAMLToJSON(decode(value)) // nil when it is half written
	case "kubelet-flags":
		m.KubeletArgs = kubeletArgs(string(decode(value)))
	case "cni":
		m.CNI = pluginType(decode(value))
	case "etcd-data":
		m.EtcdData = true
	case "job":
		m.Jobs = append(m.Jobs, strings.TrimSuffix(strings.TrimPrefix(value, "onprem-"), ".service"))
	case "kubeadm":
		m.Kubeadm = version(value, 0)
	case "kubelet":
		m.Kubelet = version(value, 1) // Kubernetes v1.34.4
	case "containerd":
		m.Containerd = version(value, 2) // containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7
	}
	return nil
}

// pluginType is the type of the first plugin in a CNI configuration, or in a list
// of them; "" when it cannot be read.
func pluginType(configuration []byte) string {
	var c struct {
		Type    string
		Plugins []struct{ Type string }
	}
	if json.Unmarshal(configuration, &c) != nil {
		return ""
	}
	if len(c.Plugins) > 0 {
		return c.Plugins[0].Type
	}
	return c.Type
}

// decode is the content of a file of a report; nil when it did not come through.
func decode(value string) []byte {
	content, _ := base64.StdEncoding.DecodeString(value)
	return content
}

// version is a field of a program's words about its version, without "v".
func version(words string, field int) string {
	fields := strings.Fields(words)
	if len(fields) <= field {
		return ""
	}
	return strings.TrimPrefix(fields[field], "v")
}

// parseCertificate reads the first certificate of a file in PEM.
func parseCertificate(content []byte) (*x509.Certificate, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("it is not a certificate in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// caHash is an authority as kubeadm join wants it.
func caHash(ca *x509.Certificate) string {
	return fmt.Sprintf("sha256:%x", sha256.Sum256(ca.RawSubjectPublicKeyInfo))
}

func certificateSANs(content []byte) []string {
	cert, err := parseCertificate(content)
	if err != nil {
		return nil
	}
	names := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	slices.Sort(names)
	return names
}

// addExpiry keeps the first end of all certificates.
func addExpiry(m *kubeadm.Machine, content []byte) {
	cert, err := parseCertificate(content)
	if err == nil && (m.Expiry.IsZero() || cert.NotAfter.Before(m.Expiry)) {
		m.Expiry = cert.NotAfter
	}
}

// kubeletArgs is the value of the one variable that kubeadm keeps the kubelet's
// arguments in.
func kubeletArgs(env string) string {
	for line := range strings.Lines(env) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "KUBELET_KUBEADM_ARGS="); ok {
			return strings.Trim(value, `"`)
		}
	}
	return ""
}

// addManifest adds a static pod.
func addManifest(m *kubeadm.Machine, file string, content []byte) {
	m.Manifests = append(m.Manifests, file)
	component := strings.TrimSuffix(file, ".yaml")
	switch component {
	case "kube-vip":
		m.VirtualIPManifest = fmt.Sprintf("%x", sha256.Sum256(content))
		return
	case "kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd":
	default:
		return
	}
	container, ok := firstContainer(content)
	if !ok {
		return
	}
	if m.StaticPods == nil {
		m.StaticPods, m.Arguments = map[string]string{}, map[string][]kubeadm.Argument{}
	}
	m.StaticPods[component] = imageVersion(container.Image)
	m.Arguments[component] = arguments(container)
}

func firstContainer(manifest []byte) (corev1.Container, bool) {
	var pod corev1.Pod
	if err := yaml.Unmarshal(manifest, &pod); err != nil || len(pod.Spec.Containers) == 0 {
		return corev1.Container{}, false
	}
	return pod.Spec.Containers[0], true
}

// imageVersion is the tag of an image, without "v". The registry may have a
// port, and the tag a digest after it.
func imageVersion(image string) string {
	image, _, _ = strings.Cut(image, "@")
	_, tag, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], ":")
	return strings.TrimPrefix(tag, "v")
}

func arguments(c corev1.Container) []kubeadm.Argument {
	var list []kubeadm.Argument
	for _, word := range slices.Concat(c.Command, c.Args) {
		if flag, ok := strings.CutPrefix(word, "--"); ok {
			name, value, _ := strings.Cut(flag, "=")
			list = append(list, kubeadm.Argument{Name: name, Value: value})
		}
	}
	return list
}
