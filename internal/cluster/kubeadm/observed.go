package kubeadm

import (
	"encoding/json"
	"time"
)

// Observed is the evidence of one look at a cluster: what the machines, the API
// and etcd said. It holds no secret and can be kept as JSON.
type Observed struct {
	At time.Time `json:"at"`

	// CAHash is the cluster's certificate authority as kubeadm join wants it,
	// sha256:<hex of the SubjectPublicKeyInfo>: the one known from before, or
	// that of the cluster whose kubeadm-config was read. It is "" while there is
	// no cluster, also when an init that was cut off left a certificate behind:
	// only then may a machine that runs a control plane be reset.
	CAHash string `json:"caHash,omitempty"`
	// Configuration is what ConfigMap kubeadm-config holds; nil when there is
	// none: kubeadm init has not finished.
	Configuration *Configuration `json:"configuration,omitempty"`
	// Kubelet is the KubeletConfiguration in ConfigMap kubelet-config, as JSON.
	Kubelet json.RawMessage `json:"kubelet,omitempty"`
	// KubeletOwned are the fields of it that this provider put there: the
	// annotation OwnedAnnotation of that ConfigMap.
	KubeletOwned []string `json:"kubeletOwned,omitempty"`
	// APIFailure says why the API could not be asked, though a control plane
	// should be there; "" when it answered or when there is no cluster.
	APIFailure string `json:"apiFailure,omitempty"`

	Machines map[string]Machine    `json:"machines"` // by node name; every wanted or known node
	Nodes    map[string]NodeObject `json:"nodes"`    // Node objects of the API, by name
	// Members are etcd's; empty with an external etcd.
	Members []Member `json:"members,omitempty"`
	// VIPHolder is the control plane that has the virtual address (Lease
	// kube-system/plndr-cp-lock); "" when unknown.
	VIPHolder string `json:"vipHolder,omitempty"`
}

// Machine is what one machine said of itself over SSH.
type Machine struct {
	// Failure says why the machine could not be asked; "" when it answered.
	Failure string `json:"failure,omitempty"`

	// Owner is the marker that this provider leaves; nil when there is none.
	Owner *Owner `json:"owner,omitempty"`

	CAHash      string   `json:"caHash,omitempty"`      // of /etc/kubernetes/pki/ca.crt
	KubeletConf bool     `json:"kubeletConf,omitempty"` // /etc/kubernetes/kubelet.conf: the machine was joined
	AdminConf   bool     `json:"adminConf,omitempty"`   // /etc/kubernetes/admin.conf
	Manifests   []string `json:"manifests,omitempty"`   // names in /etc/kubernetes/manifests, sorted
	EtcdData    bool     `json:"etcdData,omitempty"`    // the etcd data folder has content
	// Jobs are this provider's units that are still at work there (from a run
	// that was cut off).
	Jobs []string `json:"jobs,omitempty"`

	Kubeadm    string `json:"kubeadm,omitempty"`    // versions, without "v"; "" when not installed
	Kubelet    string `json:"kubelet,omitempty"`    // of the binary, not of the running one
	Containerd string `json:"containerd,omitempty"` // of the runtime
	// KubeletArgs is KUBELET_KUBEADM_ARGS of /var/lib/kubelet/kubeadm-flags.env.
	KubeletArgs string `json:"kubeletArgs,omitempty"`
	// KubeletConfig is /var/lib/kubelet/config.yaml, as JSON.
	KubeletConfig json.RawMessage `json:"kubeletConfig,omitempty"`

	// CNI is the type of the network plugin that the runtime uses: calico; ""
	// when there is none.
	CNI string `json:"cni,omitempty"`
	// StaticPods are the image tags in the manifests, without "v", by
	// component: kube-apiserver, kube-controller-manager, kube-scheduler, etcd.
	StaticPods        map[string]string `json:"staticPods,omitempty"`
	VirtualIPManifest string            `json:"virtualIPManifest,omitempty"` // sha256 of manifests/kube-vip.yaml, in hex
	// CertificateSANs are those of pki/apiserver.crt, sorted.
	CertificateSANs []string `json:"certificateSANs,omitempty"`
	// Arguments are the arguments in the static pods' manifests, by component.
	Arguments map[string][]Argument `json:"arguments,omitempty"`
	// Expiry is when the first of the leaf certificates ends; zero when there
	// are none.
	Expiry time.Time `json:"expiry,omitzero"`
}

// Owner is the marker /etc/kubernetes/onprem.json: the cluster for which this
// provider changed the machine.
type Owner struct {
	Cluster  string `json:"cluster"`
	Endpoint string `json:"endpoint"`
	// Joined is true once an init or a join has finished here. A control plane
	// with it is never taken for an init that was cut off.
	Joined bool `json:"joined,omitempty"`
	// Node is the name under which it was last worked on.
	Node string `json:"node,omitempty"`
	// Upgraded is the version to which kubeadm last upgraded the machine, from
	// its first phase to its last.
	Upgraded string `json:"upgraded,omitempty"`
	// KubeletArgs are the names of the kubelet's arguments that this provider
	// set: without them, one that leaves the configuration would stay.
	KubeletArgs []string `json:"kubeletArgs,omitempty"`
}

// Annotations that this provider puts on objects of the API, so that what it
// did is known after any interruption.
const (
	// CordonedAnnotation is on a Node that this provider cordoned, for an
	// upgrade or a removal. It goes with the uncordoning.
	CordonedAnnotation = "terraform-provider-onprem/cordoned"
	// OwnedAnnotation holds, as JSON, what of an object belongs to this
	// provider: an Owned on a Node, a list of fields on ConfigMap
	// kubelet-config.
	OwnedAnnotation = "terraform-provider-onprem/owned"
)

// Owned is what of a Node belongs to this provider; all else is left alone.
type Owned struct {
	Labels []string `json:"labels,omitempty"` // keys, sorted
	// Taints are the taints that were put; nil when they were never managed,
	// empty when there were to be none.
	Taints []Taint `json:"taints"`
}

// NodeObject is a Node of the API.
type NodeObject struct {
	InternalIP     string            `json:"internalIP"`
	ControlPlane   bool              `json:"controlPlane,omitempty"`
	Ready          bool              `json:"ready"`
	NotReadyReason string            `json:"notReadyReason,omitempty"` // the Ready condition's message
	NetworkMissing bool              `json:"networkMissing,omitempty"` // the only fault is that no network plugin is there
	NotReadySince  time.Time         `json:"notReadySince,omitzero"`
	KubeletVersion string            `json:"kubeletVersion"` // without "v"
	Unschedulable  bool              `json:"unschedulable,omitempty"`
	Cordoned       bool              `json:"cordoned,omitempty"` // it has CordonedAnnotation
	Labels         map[string]string `json:"labels,omitempty"`
	Taints         []Taint           `json:"taints,omitempty"`
	Owned          *Owned            `json:"owned,omitempty"` // OwnedAnnotation; nil when there is none
}

// Member is a member of etcd. It counts for the quorum whether it is healthy or
// not; a learner does not.
type Member struct {
	ID      uint64 `json:"id"`
	Name    string `json:"name"`
	PeerURL string `json:"peerURL"`
	Learner bool   `json:"learner,omitempty"`
	Healthy bool   `json:"healthy,omitempty"`
	Leader  bool   `json:"leader,omitempty"`
}
