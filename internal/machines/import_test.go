package machines

import (
	"crypto/tls"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
)

// TestImport takes in a cluster that somebody made by hand.
func TestImport(t *testing.T) {
	requireForm(t, "full")
	s := newSite(t, "cp-01", "worker-01")
	s.config.VirtualIP, s.config.Endpoint = "", address("cp-01")
	byHand(t, s)
	s.config.Plain = true
	s.write(t)
	if _, err := s.Run(t.Context(), 0, "import", "-no-color", resource, address("cp-01")); err != nil {
		t.Fatal(err)
	}
	s.planEmpty(t)

	// From here on it is a cluster like any other.
	s.config.Plain = false
	s.boot(t, "worker-02")
	s.add("worker-02")
	s.apply(t)
	s.planEmpty(t)
	wantReady(t, s.machines["cp-01"], nodelab.Version, "cp-01", "worker-01", "worker-02")
	delete(s.config.Nodes, "worker-01")
	s.apply(t)
	s.planEmpty(t)
	wantReady(t, s.machines["cp-01"], nodelab.Version, "cp-01", "worker-02")

	t.Run("maintenance", s.maintenance)
	s.planEmpty(t)
	t.Run("settings", s.settings)
}

// settings changes what the control planes keep in manifests and certificates.
func (s *site) settings(t *testing.T) {
	s.config.Extra = `
  certificate_sans = ["api.example.internal"]
  api_server       = { extra_args = [{ name = "event-ttl", value = "2h" }] }
`
	_, took := s.apply(t)
	t.Logf("an argument and a name of the API server on one control plane: %.1f s", took.Seconds())
	s.planEmpty(t)
	run(t, s.machines["cp-01"], "grep -e --event-ttl=2h /etc/kubernetes/manifests/kube-apiserver.yaml")
}

// maintenance is what the actions do, which the tools of these tests cannot
// invoke.
func (s *site) maintenance(t *testing.T) {
	cp := s.machines["cp-01"]
	o := operate.New(nil)
	defer o.Close()
	target := operate.Target{
		Cluster: kubeadm.Cluster{Name: "lab", Nodes: map[string]kubeadm.Node{"cp-01": {Role: kubeadm.ControlPlane, Address: cp.Address}}},
		Access:  map[string]remote.Config{"cp-01": s.access(t, cp)},
	}
	snapshot, err := o.Snapshot(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	run(t, cp, "test -s "+snapshot)

	if err := o.Drain(t.Context(), target, "worker-02"); err != nil {
		t.Fatal(err)
	}
	if !nodes(t, cp)["worker-02"].Spec.Unschedulable {
		t.Error("the node that was drained takes pods")
	}
	if err := o.Uncordon(t.Context(), target, "worker-02"); err != nil {
		t.Fatal(err)
	}

	before := s.serving(t, cp)
	start := time.Now()
	if err := o.RenewCertificates(t.Context(), target); err != nil {
		t.Fatal(err)
	}
	t.Logf("certificates of one control plane renewed: %.1f s", time.Since(start).Seconds())
	if after := s.serving(t, cp); after == before {
		t.Error("the API server still shows its old certificate")
	}
	wantReady(t, cp, nodelab.Version, "cp-01", "worker-02")
}

// serving is the certificate that an API server shows.
func (s *site) serving(t *testing.T, m *nodelab.Node) string {
	t.Helper()
	conn, err := tls.Dial("tcp", m.Address+":6443", &tls.Config{InsecureSkipVerify: true}) // it is looked at, not trusted
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
}

// access is root's way to a machine.
func (s *site) access(t *testing.T, m *nodelab.Node) remote.Config {
	t.Helper()
	key, err := os.ReadFile(s.config.Key)
	if err != nil {
		t.Fatal(err)
	}
	return remote.Config{Host: m.Address, User: "root", HostKeys: []string{m.HostKey}, PrivateKeys: []string{string(key)}}
}

// byHand makes a cluster with kubeadm as its documentation says, from the
// programs and images of the archive.
func byHand(t *testing.T, s *site) {
	t.Helper()
	const kubelet = `cat > /etc/systemd/system/kubelet.service <<'END'
[Service]
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
ExecStart=/usr/local/bin/kubelet --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS
Restart=always
RestartSec=2
[Install]
WantedBy=multi-user.target
END
systemctl enable --quiet kubelet
echo 1 > /proc/sys/net/ipv4/ip_forward
`
	var join string
	for _, name := range []string{"cp-01", "worker-01"} {
		m := s.machines[name]
		s.unpack(t, m)
		script := kubelet + join
		if name == "cp-01" {
			script += fmt.Sprintf(`cat > /root/init.yaml <<'END'
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: {advertiseAddress: %[1]s}
nodeRegistration: {name: cp-01, kubeletExtraArgs: [{name: node-ip, value: %[1]s}], ignorePreflightErrors: [FileContent--proc-sys-net-bridge-bridge-nf-call-iptables, SystemVerification]}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: %[2]s
clusterName: lab
controlPlaneEndpoint: %[1]s:6443
networking: {podSubnet: 10.244.0.0/16, serviceSubnet: 10.96.0.0/16}
dns: {disabled: true}
proxy: {disabled: true}
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
evictionHard: {nodefs.available: 0%%, imagefs.available: 0%%}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
END
kubeadm init --config /root/init.yaml >&2
kubeadm token create --print-join-command
`, m.Address, nodelab.Version)
		}
		out, err := m.Exec(t.Context(), script)
		if err != nil {
			t.Fatal(err)
		}
		join = strings.TrimSpace(out) + " --ignore-preflight-errors=FileContent--proc-sys-net-bridge-bridge-nf-call-iptables,SystemVerification"
	}
}

// unpack puts what the archive has where it belongs.
func (s *site) unpack(t *testing.T, m *nodelab.Node) {
	t.Helper()
	conn, err := remote.Dial(t.Context(), s.access(t, m))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	archive, err := os.Open(s.config.Archive)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	if err := conn.Unpack(t.Context(), "/root/archive", archive, nil); err != nil {
		t.Fatal(err)
	}
	run(t, m, `cp /root/archive/bin/* /usr/local/bin/
mkdir -p /opt/cni/bin && cp /root/archive/cni/* /opt/cni/bin/
for image in /root/archive/images/*/*.tar; do ctr -n k8s.io images import "$image" >/dev/null; done
rm -r /root/archive`)
}
