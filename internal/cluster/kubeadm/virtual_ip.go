package kubeadm

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// Where kube-vip finds its credentials on the machine. admin.conf may take the
// Lease only once the API answered at the endpoint, which is the address that
// kube-vip announces only with the Lease: during kubeadm init, on the first
// control plane, it works with super-admin.conf instead.
const (
	AdminConf      = "/etc/kubernetes/admin.conf"
	SuperAdminConf = "/etc/kubernetes/super-admin.conf"
)

// VirtualIPManifest is the static pod of kube-vip: the file
// /etc/kubernetes/manifests/kube-vip.yaml, the same on every control plane.
func VirtualIPManifest(v VirtualIP, port, kubeconfigPath string) ([]byte, error) {
	env, err := v.environment(port)
	if err != nil {
		return nil, err
	}
	file := corev1.HostPathFile
	return yaml.Marshal(corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Name: "kube-vip", Namespace: "kube-system"},
		Spec: corev1.PodSpec{
			HostNetwork: true,
			// The certificate of the API server on this machine names "kubernetes".
			HostAliases: []corev1.HostAlias{{IP: "127.0.0.1", Hostnames: []string{"kubernetes"}}},
			Containers: []corev1.Container{{
				Name:            "kube-vip",
				Image:           v.Image,
				ImagePullPolicy: corev1.PullIfNotPresent,
				Args:            []string{"manager"},
				Env:             env,
				SecurityContext: &corev1.SecurityContext{Capabilities: &corev1.Capabilities{
					Add: []corev1.Capability{"NET_ADMIN", "NET_RAW"}, Drop: []corev1.Capability{"ALL"},
				}},
				VolumeMounts: []corev1.VolumeMount{{Name: "kubeconfig", MountPath: AdminConf, ReadOnly: true}},
			}},
			Volumes: []corev1.Volume{{Name: "kubeconfig", VolumeSource: corev1.VolumeSource{
				HostPath: &corev1.HostPathVolumeSource{Path: kubeconfigPath, Type: &file},
			}}},
		},
	})
}

// environment is how kube-vip is configured, in one order.
func (v VirtualIP) environment(port string) ([]corev1.EnvVar, error) {
	address, err := netip.ParseAddr(v.Address)
	if err != nil {
		return nil, fmt.Errorf("the virtual address: %w", err)
	}
	env := variables{}
	env.set("address", v.Address)
	env.set("vip_subnet", strconv.Itoa(address.BitLen()))
	env.set("port", port)
	env.set("cp_enable", "true")
	env.set("cp_namespace", "kube-system")
	env.set("svc_enable", "false")
	env.from("vip_nodename", "spec.nodeName")
	env.set("prometheus_server", ":2112")
	if v.Mode == "bgp" {
		return append(env, v.speaker()...), nil
	}
	return append(env, v.leader()...), nil
}

// leader is mode "arp": one control plane holds a Lease and the address.
func (v VirtualIP) leader() variables {
	env := variables{}
	env.set("vip_arp", "true")
	if v.Interface != "" {
		env.set("vip_interface", v.Interface)
	}
	env.set("vip_leaderelection", "true")
	env.set("vip_leasename", "plndr-cp-lock")
	env.set("vip_leaseduration", strconv.Itoa(cmp.Or(v.LeaseDuration, 15)))
	env.set("vip_renewdeadline", strconv.Itoa(cmp.Or(v.RenewDeadline, 10)))
	env.set("vip_retryperiod", strconv.Itoa(cmp.Or(v.RetryPeriod, 2)))
	return env
}

// speaker is mode "bgp": every control plane announces the address, and the
// routers choose. The address is on the loopback interface unless another is
// named.
func (v VirtualIP) speaker() variables {
	env := variables{}
	env.set("vip_arp", "false")
	env.set("vip_interface", cmp.Or(v.Interface, "lo"))
	env.set("vip_leaderelection", "false")
	env.set("bgp_enable", "true")
	// A field of the Pod, so that the file is the same on every machine.
	env.from("bgp_routerid", "status.hostIP")
	bgp := cmp.Or(v.BGP, &VirtualIPBGP{})
	env.set("bgp_as", strconv.FormatInt(bgp.ASNumber, 10))
	peers := make([]string, len(bgp.Peers))
	for i, peer := range bgp.Peers {
		peers[i] = peer.String()
	}
	env.set("bgp_peers", strings.Join(peers, ","))
	return env
}

// String writes a peer as kube-vip reads it: address, AS number, no password,
// no multihop.
func (p BGPPeer) String() string {
	address := p.Address
	if strings.Contains(address, ":") {
		address = "[" + address + "]"
	}
	return fmt.Sprintf("%s:%d::false", address, p.ASNumber)
}

type variables []corev1.EnvVar

func (v *variables) set(name, value string) {
	*v = append(*v, corev1.EnvVar{Name: name, Value: value})
}

func (v *variables) from(name, field string) {
	*v = append(*v, corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: field}}})
}

// virtualIPHash is the hash of the manifest that a control plane should have;
// "" when kube-vip is not this provider's.
func (c Cluster) virtualIPHash() (string, error) {
	if c.VirtualIP == nil {
		return "", nil
	}
	manifest, err := VirtualIPManifest(*c.VirtualIP, c.BindPort(), AdminConf)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(manifest)
	return hex.EncodeToString(sum[:]), nil
}
