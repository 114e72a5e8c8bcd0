package nodesim_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// host is a machine with a login.
type host struct {
	*nodesim.Machine
	*remote.Conn
	t *testing.T
}

func login(t *testing.T, m *nodesim.Machine) host {
	t.Helper()
	conn, err := remote.Dial(t.Context(), m.Access())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return host{m, conn, t}
}

// try runs a script.
func (h host) try(script string, args ...string) (string, error) {
	result, err := h.Run(h.t.Context(), remote.Script("a test", script, args...))
	return result.Text(), err
}

// run is try for what succeeds.
func (h host) run(script string, args ...string) string {
	h.t.Helper()
	text, err := h.try(script, args...)
	if err != nil {
		h.t.Fatal(err)
	}
	return text
}

// fails runs a script that fails with the given words.
func (h host) fails(script, words string) {
	h.t.Helper()
	text, err := h.try(script)
	if err == nil || !strings.Contains(err.Error(), words) {
		h.t.Errorf("%s: %s: got %q, %v, want an error with %q", h.Name(), script, text, err, words)
	}
}

const setUp = `set -e
apt-get update
apt-get install --yes kubeadm=$1-* kubelet=$1-*
modprobe br_netfilter
echo 1 >/proc/sys/net/ipv4/ip_forward
systemctl enable --now kubelet.service`

const vipManifest = `apiVersion: v1
kind: Pod
metadata: {name: kube-vip, namespace: kube-system}
spec:
  containers:
  - {name: kube-vip, image: vip:v1, env: [{name: address, value: 10.77.0.10}]}
  volumes:
  - {name: kubeconfig, hostPath: {path: /etc/kubernetes/%s}}
`

const initDocument = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration: {name: cp-01}
localAPIEndpoint: {advertiseAddress: 10.77.0.11}
certificateKey: "11"
bootstrapTokens: [{token: abcdef.0123456789abcdef}]
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
clusterName: site
kubernetesVersion: v1.34.4
controlPlaneEndpoint: 10.77.0.10:6443
`

func joinDocument(name, token, hash, key string) string {
	document := fmt.Sprintf(`apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
nodeRegistration: {name: %s}
discovery: {bootstrapToken: {apiServerEndpoint: "10.77.0.10:6443", token: %s, caCertHashes: [%s]}}
`, name, token, hash)
	if key != "" {
		document += fmt.Sprintf("controlPlane: {certificateKey: %q}\n", key)
	}
	return document
}

const token = "abcdef.0123456789abcdef"

func (h host) put(path, content string) {
	h.t.Helper()
	if _, err := h.WriteFile(h.t.Context(), path, []byte(content), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

// WriteFile of a host is that of the connection: it goes through the machine's own shell.
func (h host) WriteFile(ctx context.Context, path string, content []byte, mode fs.FileMode) (bool, error) {
	return h.Conn.WriteFile(ctx, path, content, mode)
}

// first makes a cluster on a machine.
func (h host) first() (caHash string) {
	h.t.Helper()
	h.run(setUp, nodesim.Version)
	h.put("/etc/kubernetes/manifests/kube-vip.yaml", fmt.Sprintf(vipManifest, "super-admin.conf"))
	h.put("/run/onprem/init.yaml", initDocument)
	h.run("kubeadm init --config /run/onprem/init.yaml --upload-certs")
	h.put("/etc/kubernetes/manifests/kube-vip.yaml", fmt.Sprintf(vipManifest, "admin.conf"))
	block, _ := pem.Decode([]byte(h.File("/etc/kubernetes/pki/ca.crt")))
	ca, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256(ca.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (h host) join(hash, key string) {
	h.t.Helper()
	h.run(setUp, nodesim.Version)
	if key != "" {
		h.put("/etc/kubernetes/manifests/kube-vip.yaml", fmt.Sprintf(vipManifest, "admin.conf"))
	}
	h.put("/run/onprem/join.yaml", joinDocument(h.Name(), token, hash, key))
	h.run("kubeadm join --config /run/onprem/join.yaml")
}

// api is a client that goes through the machine.
func (h host) api() *kubernetes.Clientset {
	h.t.Helper()
	config, err := clientcmd.RESTConfigFromKubeConfig([]byte(h.File("/etc/kubernetes/admin.conf")))
	if err != nil {
		h.t.Fatal(err)
	}
	config.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return h.DialContext(ctx, network, h.Address()+":6443")
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		h.t.Fatal(err)
	}
	return client
}

func TestMachine(t *testing.T) {
	t.Parallel()
	m := login(t, nodesim.New(t).Machine("cp-01", "10.77.0.11"))
	m.put("/etc/kubernetes/a", "text")
	if got := m.File("/etc/kubernetes/a"); got != "text" {
		t.Errorf("the machine's file has %q", got)
	}
	for script, want := range map[string]string{
		"hostname": "cp-01", "echo ~root": "/root", "id -u": "0", "nproc": "2", "uname -s": "Linux",
		"stat -fc %T /sys/fs/cgroup": "cgroup2fs", "systemctl is-active containerd": "active",
		"systemctl show --property FragmentPath --value kubelet.service": "",
		"cat /dev/stdin </etc/hostname":                                  "cp-01",
	} {
		if got := m.run(script); got != want {
			t.Errorf("%s: got %q, want %q", script, got, want)
		}
	}
	// What a machine is given to do cannot reach the host.
	m.fails("rm /usr/bin/cat && touch /.sim/host/usr/x", "Read-only file system")
	m.fails("curl https://example.com", "not found")
}

func TestJob(t *testing.T) {
	t.Parallel()
	machine := nodesim.New(t).Machine("cp-01", "10.77.0.11")
	m := login(t, machine)
	job := remote.Job{Name: "slow", Argv: []string{"sh", "-c", "echo begin; sleep 0.3; echo done >/root/done; exit 3"}}
	running, err := m.StartJob(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	machine.Disconnect() // the job goes on
	_, err = running.Wait(t.Context(), nil)
	if exit := (*remote.ExitError)(nil); !errors.As(err, &exit) || exit.Code != 3 || m.File("/root/done") != "done\n" {
		t.Errorf("the job ended with %v", err)
	}
	job.Argv = []string{"sleep", "60"}
	if running, err = m.StartJob(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	machine.Reboot() // the job is gone, and /run with it
	if _, err = running.Wait(t.Context(), nil); !errors.As(err, new(*remote.JobLostError)) {
		t.Errorf("the job ended with %v", err)
	}
}

func TestCluster(t *testing.T) {
	t.Parallel()
	sim := nodesim.New(t)
	var hosts []host
	for i, name := range []string{"cp-01", "cp-02", "cp-03", "worker-01"} {
		hosts = append(hosts, login(t, sim.Machine(name, fmt.Sprintf("10.77.0.1%d", i+1))))
	}
	hash := hosts[0].first()
	hosts[1].join(hash, "11")
	hosts[2].join(hash, "11")
	hosts[3].join(hash, "")

	nodes, err := hosts[1].api().CoreV1().Nodes().List(t.Context(), metav1.ListOptions{LabelSelector: "node-role.kubernetes.io/control-plane"})
	if err != nil || len(nodes.Items) != 3 {
		t.Fatalf("%d control planes, %v", len(nodes.Items), err)
	}
	for _, n := range sim.Nodes() {
		if !n.Ready || n.Version != "v"+nodesim.Version {
			t.Errorf("%+v", n)
		}
	}
	want := []nodesim.Member{{Name: "cp-01", Healthy: true}, {Name: "cp-02", Healthy: true}, {Name: "cp-03", Healthy: true}}
	if diff := cmp.Diff(want, sim.Members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if got := sim.Inits(); len(got) != 1 {
		t.Errorf("initialised on %v", got)
	}

	// The second control plane can go, the third not: there would be no quorum.
	sim.Machine("spare", "10.77.0.19")
	hosts[0].Machine.Off()
	if _, err := hosts[1].api().CoreV1().Nodes().Get(t.Context(), "cp-01", metav1.GetOptions{}); err != nil {
		t.Error(err)
	}
	hosts[2].Machine.Off()
	if _, err := hosts[1].api().CoreV1().Nodes().Get(t.Context(), "cp-01", metav1.GetOptions{}); err == nil || !strings.Contains(err.Error(), "etcdserver") {
		t.Errorf("without a quorum: %v", err)
	}
	hosts[0].Machine.On()
	node, err := hosts[1].api().CoreV1().Nodes().Get(t.Context(), "cp-01", metav1.GetOptions{})
	if err != nil || node.Status.Conditions[0].Status != corev1.ConditionTrue {
		t.Errorf("%+v, %v", node, err)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	sim := nodesim.New(t)
	cp, other := login(t, sim.Machine("cp-01", "10.77.0.11")), login(t, sim.Machine("cp-02", "10.77.0.12"))
	hash := cp.first()
	cp.fails("kubeadm init --config /run/onprem/init.yaml", "[ERROR Port-6443]: Port 6443 is in use")
	cp.fails("kubeadm init --config /run/onprem/init.yaml", "[ERROR DirAvailable--var-lib-etcd]: /var/lib/etcd is not empty")

	other.fails("kubeadm version", "not found")
	other.run(setUp, "1.34.4")
	for name, tc := range map[string]struct{ document, words string }{
		"token":           {joinDocument("cp-02", "zzzzzz.0123456789abcdef", hash, ""), "could not find a JWS signature"},
		"hash":            {joinDocument("cp-02", token, "sha256:00", ""), "none of the public keys"},
		"certificate key": {joinDocument("cp-02", token, hash, "22"), "message authentication failed"},
		"unknown field":   {joinDocument("cp-02", token, hash, "") + "nodeName: x\n", `unknown field "nodeName"`},
		"endpoint":        {strings.ReplaceAll(joinDocument("cp-02", token, hash, ""), "10.77.0.10:", "10.77.0.99:"), "no route to host"},
	} {
		t.Log(name)
		other.put("/run/onprem/join.yaml", tc.document)
		other.fails("kubeadm join --config /run/onprem/join.yaml", tc.words)
	}
	other.run("kubeadm reset --force")
	other.join(hash, "11")
	other.fails("kubeadm join --config /run/onprem/join.yaml", "[ERROR FileAvailable--etc-kubernetes-kubelet.conf]")
	other.fails("kubeadm upgrade apply v1.34.5", "higher than the kubeadm version")
	other.run("kubeadm reset --force")
	if got := sim.Members(); len(got) != 1 {
		t.Errorf("members %v", got)
	}
}

func TestVirtualIPNeedsSuperAdmin(t *testing.T) {
	t.Parallel()
	m := login(t, nodesim.New(t).Machine("cp-01", "10.77.0.11"))
	m.run(setUp, nodesim.Version)
	m.put("/etc/kubernetes/manifests/kube-vip.yaml", fmt.Sprintf(vipManifest, "admin.conf"))
	m.put("/run/onprem/init.yaml", initDocument)
	m.fails("kubeadm init --config /run/onprem/init.yaml", "could not bootstrap the admin user")
}

func TestSudo(t *testing.T) {
	t.Parallel()
	m := nodesim.New(t).Machine("cp-01", "10.77.0.11")
	m.Sudo("admin", "secret")
	h := login(t, m)
	h.put("/etc/kubernetes/a", "first line\nsecond")
	if got := m.File("/etc/kubernetes/a"); got != "first line\nsecond" {
		t.Errorf("through sudo came %q", got)
	}
	access := m.Access()
	access.SudoPassword = "wrong"
	conn, err := remote.Dial(t.Context(), access)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Run(t.Context(), remote.Script("a test", "true")); err == nil || !strings.Contains(err.Error(), "password") {
		t.Errorf("a wrong password: %v", err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	sim := nodesim.New(t)
	m := sim.Machine("cp-01", "10.77.0.11")
	h := login(t, m)

	m.FillDisk(true)
	h.fails("echo x >/var/lib/a", "No space left on device")
	if got := h.run("df -Pk /var/lib | awk 'END { print $4 }'"); got != "0" {
		t.Errorf("df says %s", got)
	}
	m.FillDisk(false)
	h.run("echo x >/var/lib/a")

	m.SetClock(time.Hour)
	if got := h.run("date +%s"); got < fmt.Sprint(time.Now().Add(59*time.Minute).Unix()) {
		t.Errorf("date says %s", got)
	}

	sim.OnCommand(2, false, func() bool { return false })
	h.run("true")
	h.fails("touch /root/never", "connection was lost")
	if m.Exists("/root/never") {
		t.Error("the command was carried out")
	}
	sim.OnCommand(1, true, func() bool { return false })
	h.fails("touch /root/once", "connection was lost")
	if !m.Exists("/root/once") {
		t.Error("the command was not carried out")
	}

	access := m.Access()
	m.Rekey()
	if _, err := remote.Dial(t.Context(), access); !errors.As(err, new(*remote.HostKeyChangedError)) {
		t.Errorf("another host key: %v", err)
	}
	m.Off()
	if _, err := remote.Dial(t.Context(), m.Access()); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a machine that is off: %v", err)
	}
}
