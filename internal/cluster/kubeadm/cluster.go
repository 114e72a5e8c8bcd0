// Package kubeadm decides what a cluster needs: from the cluster as wanted and
// from what was observed of it, it makes the plan of steps, the documents that
// kubeadm and the kubelet read, and the refusals. It is pure: nothing here
// contacts a machine. Facts are those of Kubernetes 1.34 (configuration API
// kubeadm.k8s.io/v1beta4, which exists from 1.31).
package kubeadm

import (
	"encoding/json"
)

// Role is what a node is for.
type Role string

// The roles of nodes.
const (
	ControlPlane Role = "control-plane"
	Worker       Role = "worker"
)

// Cluster is a cluster as its owner wants it.
type Cluster struct {
	Name     string // kubeadm's clusterName
	Version  string // of Kubernetes, without "v": 1.34.4
	Endpoint string // the control plane's, host:port

	VirtualIP *VirtualIP // nil: an external load balancer serves Endpoint

	PodCIDR     string // "" when the network plugin needs none
	ServiceCIDR string
	DNSDomain   string

	CertificateSANs   []string // names and addresses beside those that kubeadm adds
	APIServer         Component
	ControllerManager Component
	Scheduler         Component
	Etcd              Etcd

	Kubelet   json.RawMessage // fields of a KubeletConfiguration that differ from the defaults; nil for none
	KubeProxy json.RawMessage // the same of a KubeProxyConfiguration

	ImageRepository string // "" for registry.k8s.io
	DNS             bool   // whether kubeadm installs CoreDNS
	Proxy           bool   // whether kubeadm installs kube-proxy

	// IgnorePreflightErrors are names of kubeadm's checks that only warn.
	IgnorePreflightErrors []string

	Nodes map[string]Node // by node name

	// WorkerBatch is how many workers are upgraded at once; 0 stands for 1.
	WorkerBatch int
}

// Node is one machine of a cluster.
type Node struct {
	Role    Role
	Address string // the node's address in the cluster (--node-ip, advertiseAddress)
	Labels  map[string]string
	// Taints are the node's own; nil stands for the role's default, which is
	// node-role.kubernetes.io/control-plane:NoSchedule on control planes.
	Taints []Taint
	// KubeletArgs are arguments of this node's kubelet.
	KubeletArgs []Argument
}

// Taint keeps pods away from a node.
type Taint struct {
	Key    string `json:"key"`
	Value  string `json:"value,omitempty"`
	Effect string `json:"effect"` // NoSchedule, PreferNoSchedule or NoExecute
}

// Argument is one command-line argument of a component; a name may repeat.
type Argument struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Component is what is set for one part of the control plane.
type Component struct {
	ExtraArgs []Argument `json:"extraArgs,omitempty"`
}

// Etcd is where the cluster's data is: on the control planes, or elsewhere.
type Etcd struct {
	DataDir   string     // of the local etcd; "" for /var/lib/etcd
	ExtraArgs []Argument // of the local etcd
	External  *ExternalEtcd
}

// ExternalEtcd is an etcd that kubeadm does not run. The files are on every
// control plane.
type ExternalEtcd struct {
	Endpoints []string `json:"endpoints"`
	CAFile    string   `json:"caFile"`
	CertFile  string   `json:"certFile"`
	KeyFile   string   `json:"keyFile"`
}

// VirtualIP is the address that kube-vip moves between the control planes.
type VirtualIP struct {
	Address   string
	Interface string // "" for the one with the default route
	Mode      string // "arp" or "bgp"
	Image     string // with tag
	// BGP has the speaker's side of mode "bgp"; nil in mode "arp".
	BGP *VirtualIPBGP
	// LeaseDuration, RenewDeadline and RetryPeriod are seconds; how fast
	// another control plane takes over.
	LeaseDuration, RenewDeadline, RetryPeriod int
}

// VirtualIPBGP is how kube-vip announces the address to routers.
type VirtualIPBGP struct {
	ASNumber int64
	Peers    []BGPPeer
}

// BGPPeer is a router that learns the address.
type BGPPeer struct {
	Address  string
	ASNumber int64
}
