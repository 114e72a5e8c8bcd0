package kubeadm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParseConfiguration(t *testing.T) {
	base := Configuration{
		ClusterName: "prod", Version: "1.34.4", Endpoint: "192.0.2.100:6443", ServiceCIDR: "10.96.0.0/12", DNSDomain: "cluster.local",
		ImageRepository: "registry.k8s.io", EtcdDataDir: "/var/lib/etcd", DNS: true, Proxy: true,
	}
	with := func(change func(*Configuration)) Configuration {
		c := base
		change(&c)
		return c
	}
	tests := map[string]struct {
		document string
		want     Configuration
	}{
		"as kubeadm stores it": {stored, with(func(c *Configuration) { c.APIServer = []Argument{{"audit-log-maxage", "7"}} })},
		"defaults left out": {
			"apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.34.4\ncontrolPlaneEndpoint: 192.0.2.100:6443\n",
			with(func(c *Configuration) { c.ClusterName = "kubernetes" }),
		},
		"v1beta3": {
			strings.NewReplacer("v1beta4", "v1beta3", "  - name: audit-log-maxage\n    value: \"7\"\n", "    v: \"2\"\n    audit-log-maxage: \"7\"\n").Replace(stored),
			with(func(c *Configuration) { c.APIServer = []Argument{{"audit-log-maxage", "7"}, {"v", "2"}} }),
		},
		"external etcd, no addons": {
			string(mustWrite(t, newClusterConfiguration(external()))),
			with(func(c *Configuration) {
				c.Endpoint, c.DNS, c.Proxy, c.EtcdDataDir = "k8s.example.internal:443", false, false, ""
				c.ExternalEtcd = external().Etcd.External
			}),
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := ParseConfiguration([]byte(test.document))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func mustWrite(t *testing.T, document any) []byte {
	t.Helper()
	text, err := write(document)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestParseConfigurationRefuses(t *testing.T) {
	tests := map[string]struct{ document, want string }{
		"another kind":   {"kind: InitConfiguration", "this is InitConfiguration, not a ClusterConfiguration"},
		"another format": {"kind: ClusterConfiguration\napiVersion: kubeadm.k8s.io/v1beta9", "ClusterConfiguration has the format kubeadm.k8s.io/v1beta9; v1beta3 and v1beta4 can be read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := ParseConfiguration([]byte(test.document)); err == nil || err.Error() != test.want {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDifferences(t *testing.T) {
	have := cluster(1, 0).configuration()
	tests := map[string]struct {
		change func(*Cluster)
		want   []Difference
	}{
		"none":    {func(*Cluster) {}, nil},
		"version": {func(c *Cluster) { c.Version = "1.34.5" }, nil},
		"certificate and arguments": {func(c *Cluster) {
			c.CertificateSANs = []string{"b.example.internal", "a.example.internal"}
			c.Etcd.ExtraArgs = []Argument{{"quota-backend-bytes", "1"}}
		}, []Difference{
			{"apiServer.certSANs", "", "a.example.internal b.example.internal", false},
			{"etcd.local.extraArgs", "", "--quota-backend-bytes=1", false},
		}},
		"what cannot change": {func(c *Cluster) { c.PodCIDR, c.DNSDomain, c.Name = "10.244.0.0/16", "k8s.internal", "stage" }, []Difference{
			{"clusterName", "prod", "stage", true},
			{"networking.podSubnet", "", "10.244.0.0/16", true},
			{"networking.dnsDomain", "cluster.local", "k8s.internal", true},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, have.Differences(cluster(1, 0).with(test.change)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestMerge shows that what is merged has no differences left, and keeps what
// this provider does not know; the golden file of configure shows it whole.
func TestMerge(t *testing.T) {
	want := cluster(3, 1).with(everything)
	old := strings.NewReplacer("v1beta4", "v1beta3", "  - name: audit-log-maxage\n    value: \"7\"\n", "    audit-log-maxage: \"7\"\n").Replace(stored)
	for name, document := range map[string]string{"v1beta4": stored, "v1beta3": old} {
		t.Run(name, func(t *testing.T) {
			merged, err := Merge([]byte(document), want)
			if err != nil {
				t.Fatal(err)
			}
			c, err := ParseConfiguration(merged)
			if err != nil {
				t.Fatal(err)
			}
			if left := c.Differences(want); len(left) > 0 {
				t.Errorf("differences are left: %v", left)
			}
			for _, foreign := range []string{"extraVolumes:", "imageTag: 3.6.5-0", "encryptionAlgorithm: RSA-2048", "kubeadm.k8s.io/v1beta4"} {
				if !strings.Contains(string(merged), foreign) {
					t.Errorf("%s is lost:\n%s", foreign, merged)
				}
			}
		})
	}
}

func TestMergeKubelet(t *testing.T) {
	const have = "authentication:\n  x509:\n    clientCAFile: /etc/kubernetes/pki/ca.crt\nevictionHard:\n  memory.available: 100Mi\nmaxPods: 110\n"
	tests := map[string]struct {
		want  string
		owned []string
		merge string
	}{
		"nothing": {"", nil, have},
		"set": {`{"maxPods":200,"authentication":{"webhook":{"cacheTTL":"2m"}}}`, nil,
			"authentication:\n  webhook:\n    cacheTTL: 2m\n  x509:\n    clientCAFile: /etc/kubernetes/pki/ca.crt\nevictionHard:\n  memory.available: 100Mi\nmaxPods: 200\n"},
		"no longer wanted": {`{}`, []string{"/evictionHard/memory.available", "/maxPods", "/gone/by~1itself"},
			"authentication:\n  x509:\n    clientCAFile: /etc/kubernetes/pki/ca.crt\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := MergeKubelet([]byte(have), []byte(test.want), test.owned)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.merge, string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if _, err := MergeKubelet(nil, nil, nil); err == nil {
		t.Error("an empty configuration was merged into")
	}
}

func TestKubeletFields(t *testing.T) {
	got, err := KubeletFields([]byte(`{"maxPods":1,"evictionHard":{"memory.available":"1Mi","a/b~c":"1"},"featureGates":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"/evictionHard/a~1b~0c", "/evictionHard/memory.available", "/featureGates", "/maxPods"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
