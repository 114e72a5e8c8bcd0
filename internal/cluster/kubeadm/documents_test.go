package kubeadm

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares a document with its file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".yaml")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// full has a value for everything a document can hold.
func full() Cluster {
	return cluster(3, 1).with(func(c *Cluster) {
		everything(c)
		c.PodCIDR = "10.244.0.0/16"
		c.ControllerManager.ExtraArgs = []Argument{{"bind-address", "0.0.0.0"}}
		c.Scheduler.ExtraArgs = []Argument{{"v", "2"}, {"v", "3"}}
		c.Etcd = Etcd{DataDir: "/srv/etcd", ExtraArgs: []Argument{{"quota-backend-bytes", "8589934592"}}}
		c.KubeProxy = json.RawMessage(`{"mode":"nftables"}`)
		c.IgnorePreflightErrors = []string{"NumCPU", "Mem"}
		c.Nodes["cp-02"] = Node{Role: ControlPlane, Address: "192.0.2.2", Taints: []Taint{}}
	})
}

func external() Cluster {
	return cluster(1, 1).with(func(c *Cluster) {
		c.VirtualIP, c.Endpoint, c.DNS, c.Proxy = nil, "k8s.example.internal:443", false, false
		c.Etcd.External = &ExternalEtcd{
			Endpoints: []string{"https://192.0.2.201:2379"},
			CAFile:    "/etc/etcd/ca.crt", CertFile: "/etc/etcd/client.crt", KeyFile: "/etc/etcd/client.key",
		}
	})
}

// stored is a ClusterConfiguration as kubeadm keeps it, with what no attribute
// of this provider knows.
const stored = `apiServer:
  extraArgs:
  - name: audit-log-maxage
    value: "7"
  extraVolumes:
  - hostPath: /var/log/audit
    mountPath: /var/log/audit
    name: audit
apiVersion: kubeadm.k8s.io/v1beta4
caCertificateValidityPeriod: 87600h0m0s
certificateValidityPeriod: 8760h0m0s
certificatesDir: /etc/kubernetes/pki
clusterName: prod
controlPlaneEndpoint: 192.0.2.100:6443
controllerManager: {}
dns: {}
encryptionAlgorithm: RSA-2048
etcd:
  local:
    dataDir: /var/lib/etcd
    imageTag: 3.6.5-0
imageRepository: registry.k8s.io
kind: ClusterConfiguration
kubernetesVersion: v1.34.4
networking:
  dnsDomain: cluster.local
  serviceSubnet: 10.96.0.0/12
proxy: {}
scheduler: {}
`

func TestDocuments(t *testing.T) {
	key := strings.Repeat("0123456789abcdef", 4)
	join := JoinOptions{Token: "abcdef.0123456789abcdef", CAHashes: []string{"sha256:" + key}, CertificateKey: key}
	elsewhere := join
	elsewhere.Endpoint = "192.0.2.1:6443"
	tests := map[string]func() ([]byte, error){
		"init":               func() ([]byte, error) { return InitDocument(full(), "cp-01", InitOptions{CertificateKey: key}) },
		"init-external-etcd": func() ([]byte, error) { return InitDocument(external(), "cp-01", InitOptions{CertificateKey: key}) },
		"join-control-plane": func() ([]byte, error) { return JoinDocument(full(), "cp-02", join) },
		"join-worker":        func() ([]byte, error) { return JoinDocument(full(), "worker-01", elsewhere) },
		"configure":          func() ([]byte, error) { return ConfigureDocument(full(), "cp-01", []byte(stored)) },
		"upgrade":            func() ([]byte, error) { return UpgradeDocument(full()) },
		"upgrade-no-dns":     func() ([]byte, error) { return UpgradeDocument(external()) },
		"reset":              func() ([]byte, error) { return ResetDocument(full()) },
	}
	for name, write := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := write()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, got)
		})
	}
}

// TestKubeadmReadsDocuments has kubeadm itself read the golden files, strictly.
func TestKubeadmReadsDocuments(t *testing.T) {
	kubeadm, err := filepath.Abs("../../../.tools/bin/kubeadm")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(kubeadm); err != nil {
		t.Skip("needs kubeadm in .tools/bin: make tools-nodes")
	}
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.Contains(file, "kube-vip") {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), kubeadm, "config", "validate", "--config", file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}

func TestDocumentOfUnknownNode(t *testing.T) {
	if _, err := InitDocument(full(), "cp-09", InitOptions{}); err == nil || err.Error() != `there is no node "cp-09"` {
		t.Errorf("got %v", err)
	}
}

func TestVirtualIPManifest(t *testing.T) {
	arp := VirtualIP{Address: "192.0.2.100", Interface: "bond0", Mode: "arp", Image: "ghcr.io/kube-vip/kube-vip:v0.8.9", LeaseDuration: 5, RenewDeadline: 3, RetryPeriod: 1}
	bgp := VirtualIP{
		Address: "2001:db8::100", Mode: "bgp", Image: "ghcr.io/kube-vip/kube-vip:v0.8.9",
		BGP: &VirtualIPBGP{ASNumber: 64512, Peers: []BGPPeer{{"192.0.2.254", 65001}, {"2001:db8::1", 65002}}},
	}
	tests := map[string]struct {
		vip        VirtualIP
		kubeconfig string
	}{
		"kube-vip-arp":  {arp, AdminConf},
		"kube-vip-init": {arp, SuperAdminConf},
		"kube-vip-bgp":  {bgp, AdminConf},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := VirtualIPManifest(test.vip, "6443", test.kubeconfig)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, got)
		})
	}
}
