package kubeadm

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValidate(t *testing.T) {
	node := func(name string, change func(*Node)) func(*Cluster) {
		return func(c *Cluster) {
			n := c.Nodes[name]
			change(&n)
			c.Nodes[name] = n
		}
	}
	bgp := func(b *VirtualIPBGP) func(*Cluster) {
		return func(c *Cluster) {
			c.VirtualIP = &VirtualIP{Address: "192.0.2.100", Mode: "bgp", Image: "kube-vip:v0.8.9", BGP: b}
		}
	}
	tests := map[string]struct {
		change func(*Cluster)
		want   []Problem
	}{
		"as it should be":              {func(*Cluster) {}, nil},
		"everything set":               {func(c *Cluster) { *c = full() }, nil},
		"external etcd, load balancer": {func(c *Cluster) { *c = external() }, nil},
		"both families":                {func(c *Cluster) { c.PodCIDR, c.ServiceCIDR = "10.244.0.0/16,fd00:1::/56", "10.96.0.0/12,fd00:2::/112" }, nil},
		"endpoint is a name":           {func(c *Cluster) { c.Endpoint = "k8s.example.internal:6443" }, nil},
		"version with v":               {func(c *Cluster) { c.Version = "v1.34.4" }, []Problem{{at("version"), `"v1.34.4" is no version like "1.34.4"`}}},
		"version too old": {func(c *Cluster) { c.Version = "1.30.4" },
			[]Problem{{at("version"), "Kubernetes 1.30.4 is older than 1.31.0, the first with kubeadm's configuration v1beta4"}}},
		"endpoint without a port": {func(c *Cluster) { c.Endpoint = "192.0.2.100" },
			[]Problem{{at("endpoint"), `"192.0.2.100" is no host and port like "k8s.example.internal:6443"`}}},
		"endpoint with a wrong host and port": {func(c *Cluster) { c.Endpoint = "k8s_prod:70000" }, []Problem{
			{at("endpoint"), `"70000" is no port`}, {at("endpoint"), `"k8s_prod" is neither an address nor a DNS name`},
		}},
		"kube-vip serves another address": {func(c *Cluster) { c.Endpoint = "192.0.2.99:6443" },
			[]Problem{{at("virtual_ip", "address"), "the endpoint is 192.0.2.99:6443: kube-vip has to serve that address, not 192.0.2.100"}}},
		"kube-vip has a node's address": {node("cp-02", func(n *Node) { n.Address = "192.0.2.100" }),
			[]Problem{{at("virtual_ip", "address"), "192.0.2.100 is the address of node cp-02: kube-vip moves the address, so no machine may have it"}}},
		"kube-vip without an image, with a wrong mode": {func(c *Cluster) { c.VirtualIP = &VirtualIP{Address: "192.0.2.100", Mode: "ospf"} }, []Problem{
			{at("virtual_ip", "image"), "the image of kube-vip is missing"}, {at("virtual_ip", "mode"), `"ospf" is neither "arp" nor "bgp"`},
		}},
		"lease shorter than its renewal": {func(c *Cluster) {
			c.VirtualIP = &VirtualIP{Address: "192.0.2.100", Mode: "arp", Image: "kube-vip:v0.8.9", LeaseDuration: 3, RenewDeadline: 3, RetryPeriod: 1}
		}, []Problem{{at("virtual_ip", "lease_duration"), "the lease (3 s) has to be longer than the renew deadline (3 s), and that longer than the retry period (1 s)"}}},
		"BGP without peers": {bgp(&VirtualIPBGP{ASNumber: 64512}), []Problem{{at("virtual_ip", "bgp"), `mode "bgp" needs at least one peer`}}},
		"BGP with a wrong peer": {bgp(&VirtualIPBGP{ASNumber: 64512, Peers: []BGPPeer{{"tor-1", 0}}}), []Problem{
			{at("virtual_ip", "bgp", "peers", "0", "address"), `"tor-1" is no address`}, {at("virtual_ip", "bgp", "peers", "0", "as_number"), "0 is no AS number"},
		}},
		"addresses in another spelling": {func(c *Cluster) {
			c.CertificateSANs = []string{"2001:DB8::1"}
			c.Nodes["cp-01"] = Node{Role: ControlPlane, Address: "2001:DB8::11"}
		}, []Problem{
			{at("certificate_sans"), `"2001:DB8::1" is written "2001:db8::1" in the cluster: write it so here, too`},
			{at("nodes", "cp-01", "address"), `"2001:DB8::11" is written "2001:db8::11" in the cluster: write it so here, too`},
		}},
		"kubelet argument with a space": {node("cp-01", func(n *Node) { n.KubeletArgs = []Argument{{"feature-gates", "a b"}} }),
			[]Problem{{at("nodes", "cp-01", "kubelet_args"), `feature-gates: "a b" has a character that kubeadm's file of kubelet arguments cannot hold`}}},
		"etcd in a relative folder": {func(c *Cluster) { c.Etcd.DataDir = "etcd" }, []Problem{{at("etcd", "data_dir"), `"etcd" is no absolute path`}}},
		"networks overlap": {func(c *Cluster) { c.PodCIDR = "10.100.0.0/16" },
			[]Problem{{at("service_cidr"), "10.96.0.0/12 overlaps 10.100.0.0/16 of pod_cidr"}}},
		"network with host bits": {func(c *Cluster) { c.PodCIDR = "10.244.0.1/16" },
			[]Problem{{at("pod_cidr"), "10.244.0.1/16 has host bits: the network is 10.244.0.0/16"}}},
		"node inside the pod network": {func(c *Cluster) { c.PodCIDR = "192.0.2.0/27" }, []Problem{
			{at("nodes", "cp-01", "address"), "192.0.2.1 lies in 192.0.2.0/27 (pod_cidr), whose addresses belong to the cluster's inside"},
			{at("nodes", "cp-02", "address"), "192.0.2.2 lies in 192.0.2.0/27 (pod_cidr), whose addresses belong to the cluster's inside"},
			{at("nodes", "cp-03", "address"), "192.0.2.3 lies in 192.0.2.0/27 (pod_cidr), whose addresses belong to the cluster's inside"},
		}},
		"arguments of the provider": {func(c *Cluster) {
			c.APIServer.ExtraArgs = []Argument{{"advertise-address", "192.0.2.1"}, {"--v", "2"}}
			node("worker-01", func(n *Node) { n.KubeletArgs = []Argument{{"node-ip", "192.0.2.51"}} })(c)
		}, []Problem{
			{at("api_server", "extra_args"), "advertise-address follows from the cluster's other settings and cannot be given here"},
			{at("api_server", "extra_args"), `"--v" is no name of an argument: write it without dashes`},
			{at("nodes", "worker-01", "kubelet_args"), "node-ip follows from the cluster's other settings and cannot be given here"},
		}},
		"kubelet with a kind": {func(c *Cluster) { c.Kubelet = json.RawMessage(`{"kind":"KubeletConfiguration"}`) },
			[]Problem{{at("kubelet"), "kind is set by the provider: give the fields alone"}}},
		"kubelet is a list":    {func(c *Cluster) { c.Kubelet = json.RawMessage(`[]`) }, []Problem{{at("kubelet"), "is no object of fields"}}},
		"all preflight errors": {func(c *Cluster) { c.IgnorePreflightErrors = []string{"all"} }, []Problem{{at("ignore_preflight_errors"), `"all" would hide what breaks the cluster: name the checks`}}},
		"a wrong name in the certificate": {func(c *Cluster) { c.CertificateSANs = []string{"*.example.internal", "under_score"} },
			[]Problem{{at("certificate_sans"), `"under_score" is neither an address nor a DNS name`}}},
		"external etcd incomplete": {func(c *Cluster) {
			c.Etcd = Etcd{DataDir: "/srv/etcd", External: &ExternalEtcd{CAFile: "ca.crt", CertFile: "/etc/etcd/client.crt"}}
		}, []Problem{
			{at("etcd"), "an external etcd has no data folder and no arguments here"},
			{at("etcd", "external", "endpoints"), "at least one endpoint is needed"},
			{at("etcd", "external", "ca_file"), "needs the absolute path of a file that is on every control plane"},
			{at("etcd", "external", "key_file"), "needs the absolute path of a file that is on every control plane"},
		}},
		"no control plane": {func(c *Cluster) { *c = cluster(0, 1) }, []Problem{{at("nodes"), `no node has the role "control-plane"`}}},
		"addresses twice": {node("cp-02", func(n *Node) { n.Address = "192.0.2.1" }),
			[]Problem{{at("nodes", "cp-02", "address"), "192.0.2.1 is the address of node cp-01, too"}}},
		"node with a wrong role and address": {node("worker-01", func(n *Node) { n.Role, n.Address = "etcd", "db" }), []Problem{
			{at("nodes", "worker-01", "role"), `"etcd" is neither "control-plane" nor "worker"`}, {at("nodes", "worker-01", "address"), `"db" is no address`},
		}},
		"taints": {node("worker-01", func(n *Node) {
			n.Taints = []Taint{{Key: "gpu", Effect: "Never"}, {Key: "db", Value: "a", Effect: "NoSchedule"}, {Key: "db", Value: "b", Effect: "NoSchedule"}}
		}), []Problem{
			{at("nodes", "worker-01", "taints", "0", "effect"), `"Never" is none of NoSchedule, PreferNoSchedule, NoExecute`},
			{at("nodes", "worker-01", "taints", "2"), "db=b:NoSchedule is there twice"},
		}},
		"label of kubeadm": {node("cp-01", func(n *Node) { n.Labels = map[string]string{controlPlaneKey: ""} }),
			[]Problem{{at("nodes", "cp-01", "labels", controlPlaneKey), "is set by kubeadm"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := cluster(3, 1).with(test.change)
			if diff := cmp.Diff(test.want, c.Validate()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestValidateNames has messages of Kubernetes, whose words may change.
func TestValidateNames(t *testing.T) {
	tests := map[string]struct {
		node  string
		label [2]string
		path  []string
	}{
		"node name":   {"CP_01", [2]string{"a", "b"}, at("nodes", "CP_01")},
		"label key":   {"cp-01", [2]string{"a b", "c"}, at("nodes", "cp-01", "labels", "a b")},
		"label value": {"cp-01", [2]string{"a", "b c"}, at("nodes", "cp-01", "labels", "a")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := cluster(0, 0)
			c.Nodes[test.node] = Node{Role: ControlPlane, Address: "192.0.2.1", Labels: map[string]string{test.label[0]: test.label[1]}}
			problems := c.Validate()
			if len(problems) != 1 || !cmp.Equal(problems[0].Path, test.path) {
				t.Errorf("got %v", problems)
			}
		})
	}
}

func TestBindPort(t *testing.T) {
	behind := cluster(1, 0).with(func(c *Cluster) { c.VirtualIP, c.Endpoint = nil, "k8s.example.internal:443" })
	served := cluster(1, 0).with(func(c *Cluster) { c.Endpoint = "192.0.2.100:7443" })
	if got := cmp.Diff([]string{"6443", "7443"}, []string{behind.BindPort(), served.BindPort()}); got != "" {
		t.Error(got)
	}
}
