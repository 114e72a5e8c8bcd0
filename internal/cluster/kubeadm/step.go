package kubeadm

// Action is what a step does.
type Action string

// The actions, in the words that a plan shows.
const (
	Reset            Action = "reset"               // undo a half-done init or join of this cluster: kubeadm reset, Members, Node object; the marker stays, no longer Joined
	Prepare          Action = "prepare"             // check, install, configure the machine; put the marker
	Snapshot         Action = "snapshot"            // etcd snapshot, before anything that can hurt it
	RemoveMember     Action = "remove-member"       // etcd: take out Members, whose machine is gone
	Init             Action = "init"                // kubeadm init, and kube-vip from super-admin.conf to admin.conf
	FinishInit       Action = "finish-init"         // the phases of kubeadm init after upload-config, which can be repeated; then the marker
	UpgradeFirst     Action = "upgrade-first"       // drain, kubeadm upgrade apply, the kubelet, uncordon
	UpgradeNode      Action = "upgrade-node"        // drain, kubeadm upgrade node, the kubelet, uncordon
	Configure        Action = "configure"           // manifests of this control plane, from ConfigureDocument
	Certificate      Action = "certificate"         // the API server's certificate with other names
	VirtualAddress   Action = "virtual-ip"          // kube-vip's manifest
	ConfigureKubelet Action = "configure-kubelet"   // config.yaml by MergeKubelet and the arguments, then a restart
	Store            Action = "store-configuration" // ConfigMaps kubeadm-config and kubelet-config, once every node has it
	JoinControlPlane Action = "join-control-plane"  // kubeadm join as a control plane
	JoinWorker       Action = "join-worker"         // kubeadm join
	Mark             Action = "mark"                // the marker says Joined
	Label            Action = "label"               // labels, taints and OwnedAnnotation, as LabelsOf says
	Uncordon         Action = "uncordon"            // a node that a run which was cut off left cordoned
	Remove           Action = "remove"              // drain, reset, etcd member, Node object, then the marker
	Await            Action = "await"               // wait until the node is Ready
)

// Step is one thing to be done to one node. Carrying it out twice does no harm.
type Step struct {
	Action Action `json:"action"`
	Node   string `json:"node"`
	Role   Role   `json:"role"`

	From string `json:"from,omitempty"` // version before
	To   string `json:"to,omitempty"`   // version after
	// Gone is true when the machine does not answer: only the API's and etcd's
	// side can be done.
	Gone bool `json:"gone,omitempty"`
	// Members are etcd members to be removed by this step.
	Members []uint64 `json:"members,omitempty"`
	// Words say what a person wants to know beyond the action: which labels,
	// which arguments, why.
	Words string `json:"words,omitempty"`
}

// Stage is a group of steps that belong together.
type Stage struct {
	Title string `json:"title"` // "Join control planes"
	// Parallel is how many steps may run at once; 1 keeps their order.
	Parallel int    `json:"parallel"`
	Steps    []Step `json:"steps"`
}

// Plan is what an apply will do, in order.
type Plan struct {
	Stages []Stage `json:"stages"`
	// Warnings are what a reviewer should know: what etcd tolerates before and
	// after each step, nodes about which nothing can be done now.
	Warnings []string `json:"warnings"`
}
