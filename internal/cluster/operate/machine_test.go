package operate

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// What containerd --version prints, as it was released and as Debian builds it.
const (
	newContainerd    = "containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4"
	debianContainerd = "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u1"
)

func TestParseMachine(t *testing.T) {
	ca := newAuthority(t)
	soon := time.Now().Add(24 * time.Hour).UTC().Truncate(time.Second)
	serving, _ := ca.issue(t, soon.Add(time.Hour), "kubernetes", "cluster.example.internal")
	client, _ := ca.issue(t, soon)
	file := func(content string) string { return base64.StdEncoding.EncodeToString([]byte(content)) }
	tests := []struct {
		name  string
		lines []string
		want  kubeadm.Machine
		fails string
	}{
		{name: "nothing installed"},
		{
			name: "control plane",
			lines: []string{
				"owner " + file(`{"cluster":"prod","endpoint":"cluster.example.internal:6443","joined":true,"kubeletArgs":["v"]}`),
				"ca " + file(string(ca.pem)),
				"apiserver " + file(string(serving)),
				"certificate " + file(string(serving)),
				"conf admin", "certificate " + file(string(client)), "conf kubelet",
				"manifest kube-vip.yaml " + file("kind: Pod\n"),
				"manifest kube-apiserver.yaml " + file(apiServerManifest),
				"kubelet-config " + file("kind: KubeletConfiguration\nmaxPods: 50\n"),
				"kubelet-flags " + file("KUBELET_KUBEADM_ARGS=\"--node-ip=192.0.2.11 --v=2\"\n"),
				"etcd-data /var/lib/etcd", "cni " + file(`{"name":"k8s-pod-network","plugins":[{"type":"calico"},{"type":"portmap"}]}`),
				"kubeadm v1.34.4", "kubelet Kubernetes v1.34.4", "containerd " + newContainerd,
				"job onprem-kubeadm-init.service",
			},
			want: kubeadm.Machine{
				Owner:       &kubeadm.Owner{Cluster: "prod", Endpoint: "cluster.example.internal:6443", Joined: true, KubeletArgs: []string{"v"}},
				CAHash:      ca.hash(),
				KubeletConf: true, AdminConf: true, EtcdData: true,
				Manifests: []string{"kube-apiserver.yaml", "kube-vip.yaml"},
				Jobs:      []string{"kubeadm-init"},
				Kubeadm:   "1.34.4", Kubelet: "1.34.4", Containerd: "2.1.4",
				KubeletArgs: "--node-ip=192.0.2.11 --v=2", KubeletConfig: []byte(`{"kind":"KubeletConfiguration","maxPods":50}`),
				CNI:               "calico",
				StaticPods:        map[string]string{"kube-apiserver": "1.34.4"},
				VirtualIPManifest: "af0e5d10555f1d22187ec68b0d9945d404e48ef4fd0ab333f0d6e7cd4c0db89b",
				CertificateSANs:   []string{"127.0.0.1", "cluster.example.internal", "kubernetes"},
				Arguments: map[string][]kubeadm.Argument{"kube-apiserver": {
					{Name: "advertise-address", Value: "192.0.2.11"}, {Name: "secure-port", Value: "6443"}, {Name: "audit-log-path"},
					{Name: "service-account-issuer", Value: "https://a.example.com"}, {Name: "service-account-issuer", Value: "https://b.example.com"},
				}},
				Expiry: soon,
			},
		},
		{
			name:  "manifests that were cut off say nothing",
			lines: []string{"manifest etcd.yaml ", "manifest kube-scheduler.yaml " + file("kind: Pod\nspec: {containers: [{na"), "kubelet-config " + file("a: [")},
			want:  kubeadm.Machine{Manifests: []string{"etcd.yaml", "kube-scheduler.yaml"}},
		},
		{
			name:  "Debian's containerd",
			lines: []string{"containerd " + debianContainerd},
			want:  kubeadm.Machine{Containerd: "1.6.20~ds1"},
		},
		{name: "marker cut off", lines: []string{"owner " + file(`{"cluster":`)}, fails: "/etc/kubernetes/onprem.json"},
		{name: "marker empty", lines: []string{"owner "}, fails: "/etc/kubernetes/onprem.json"},
		{name: "authority unreadable", lines: []string{"ca " + file("-----BEGIN CERT")}, fails: "/etc/kubernetes/pki/ca.crt"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseMachine(strings.Join(append(test.lines, "end\n"), "\n"))
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %v, want an error about %s", err, test.fails)
				}
				return
			}
			if diff := cmp.Diff(test.want, got); err != nil || diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
	if _, err := parseMachine("kubeadm v1.34.4\n"); err == nil {
		t.Error("a report without its end was taken for whole")
	}
}

func TestImageVersion(t *testing.T) {
	for image, want := range map[string]string{
		"registry.k8s.io/etcd:3.6.5-0":                      "3.6.5-0",
		"registry.example.internal:5000/kube-scheduler":     "",
		"registry.example.internal:5000/a/b:v1.34.4":        "1.34.4",
		"registry.k8s.io/kube-apiserver:v1.34.4@sha256:0a0": "1.34.4",
	} {
		if got := imageVersion(image); got != want {
			t.Errorf("%s: got %q, want %q", image, got, want)
		}
	}
}
