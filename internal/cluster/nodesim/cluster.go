package nodesim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// timeLimit is how long programs wait for what does not come. The real ones wait minutes.
const timeLimit = 2 * time.Second

// cluster is a cluster that came about on machines.
type cluster struct {
	sim            *Sim
	ca             pair
	store          *store
	members        []*member
	nextMember     uint64
	led            uint64                // the member that leads, unless it is down
	bound          bool                  // the administrator has its rights
	certificateKey string                // of the uploaded certificates
	starting       *clusterConfiguration // until it is in the API
	shared         map[string]string     // what control planes have alike, by name below the folder of certificates
}

const controlPlaneLabel = "node-role.kubernetes.io/control-plane"

// config returns what ConfigMap kubeadm-config says.
func (c *cluster) config() clusterConfiguration {
	if c.starting != nil {
		return *c.starting
	}
	var config clusterConfiguration
	if err := yaml.Unmarshal([]byte(c.store.configMapData("kubeadm-config", "ClusterConfiguration")), &config); err != nil {
		c.sim.errorf("ConfigMap kubeadm-config cannot be read: %v", err)
	}
	return config
}

func (c *cluster) dataDir() string {
	if c == nil {
		return etcdDir
	}
	if local := c.config().Etcd.Local; local != nil {
		return cmp.Or(local.DataDir, etcdDir)
	}
	return etcdDir
}

const (
	etcdDir       = "/var/lib/etcd"
	kubeletConfig = "/var/lib/kubelet/config.yaml"
	kubeletConf   = "/etc/kubernetes/kubelet.conf"
)

// observe brings what runs up to date with the files of all machines.
func (s *Sim) observe() {
	for _, m := range s.list() {
		m.observe()
	}
	for _, c := range s.clusters {
		c.observe()
	}
}

// observe is what the machine's kubelet does: it runs when it has a configuration, and the static pods with it. They
// stay when the kubelet stops.
func (m *Machine) observe() {
	service := m.units["kubelet.service"]
	switch {
	case !m.running() || service == nil || service.state != "active" || !m.Exists(kubeletConfig):
		m.kubelet = ""
		return
	case m.kubelet == "":
		if argv := m.execStart("kubelet.service"); len(argv) > 0 {
			m.kubelet = m.hasVersion(argv[0])
		}
		if m.kubelet == "" {
			return
		}
		if m.cluster != nil && m.Exists(kubeletConf) {
			m.register()
		}
	}
	m.pods = m.staticPods()
}

func (m *Machine) staticPods() map[string]string {
	pods := map[string]string{}
	files, err := filepath.Glob(m.host(manifests + "*"))
	if err != nil {
		m.sim.errorf("%v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, ".") {
			continue // the kubelet does not read them
		}
		pods[name] = m.File(manifests + name)
	}
	return pods
}

// register makes the Node of a kubelet that has just started.
func (m *Machine) register() {
	if m.cluster.store.node(m.name) != nil {
		return
	}
	m.cluster.store.putNode(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: m.name, Labels: map[string]string{
		"kubernetes.io/hostname": m.name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
	}}})
}

// observe writes what the kubelets of a cluster report, and which control plane has the virtual address.
func (c *cluster) observe() {
	if !c.quorum() {
		return
	}
	for _, o := range c.store.list("nodes", "") {
		node := c.store.node(o.GetName())
		if c.sim.report(c, node) {
			c.store.putNode(node)
		}
	}
	for _, vip := range c.sim.virtualIPs() {
		if vip.holder == nil || vip.holder.cluster != c {
			continue
		}
		lease := &object{Object: map[string]any{
			"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
			"metadata": map[string]any{"name": leaseName, "namespace": "kube-system"},
			"spec":     map[string]any{"holderIdentity": vip.holder.name, "leaseDurationSeconds": int64(15)},
		}}
		if old := c.store.get("leases", "kube-system", leaseName); old == nil || c.leaseHolder() != vip.holder.name {
			c.store.put("leases", lease)
		}
	}
}

const leaseName = "plndr-cp-lock"

func (c *cluster) leaseHolder() string {
	o := c.store.get("leases", "kube-system", leaseName)
	if o == nil {
		return ""
	}
	spec, _ := o.Object["spec"].(map[string]any)
	holder, _ := spec["holderIdentity"].(string)
	return holder
}

// report fills in the status of a Node as its kubelet, or in its absence the node controller, does. It tells whether
// that changes anything.
func (s *Sim) report(c *cluster, node *corev1.Node) bool {
	before := string(mustJSON(node))
	m := s.machines[node.Name]
	ready := corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "kubelet is posting ready status"}
	switch {
	case m == nil || m.cluster != c || m.kubelet == "":
		ready.Status, ready.Reason, ready.Message = corev1.ConditionUnknown, "NodeStatusUnknown", "Kubelet stopped posting node status."
	case m.unready != "":
		ready.Status, ready.Reason, ready.Message = corev1.ConditionFalse, "KubeletNotReady", m.unready
	case !m.hasNetwork():
		ready.Status, ready.Reason = corev1.ConditionFalse, "KubeletNotReady"
		ready.Message = "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized"
	}
	if m != nil && m.cluster == c && m.kubelet != "" {
		node.Status.NodeInfo = corev1.NodeSystemInfo{
			MachineID: m.id(), KubeletVersion: m.kubelet, ContainerRuntimeVersion: "containerd://1.6.20", OperatingSystem: "linux", Architecture: "amd64",
		}
		node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: m.address}, {Type: corev1.NodeHostName, Address: m.name}}
	}
	for _, old := range node.Status.Conditions {
		if old.Type == ready.Type && old.Status == ready.Status {
			ready.LastTransitionTime = old.LastTransitionTime
		}
	}
	if ready.LastTransitionTime.IsZero() {
		ready.LastTransitionTime = metaNow()
	}
	node.Status.Conditions = []corev1.NodeCondition{ready}
	return string(mustJSON(node)) != before
}

func (m *Machine) hasNetwork() bool {
	files, err := filepath.Glob(m.host("/etc/cni/net.d/*"))
	return err == nil && len(files) > 0
}

// virtualIP is an address that kube-vip on control planes serves.
type virtualIP struct {
	address string
	holder  *Machine // nil while nobody can take it
}

// virtualIPs finds who has which address: who had it, else the first who may.
func (s *Sim) virtualIPs() []virtualIP {
	found := map[string]virtualIP{}
	for _, m := range s.list() {
		address := parsePod(m.pods["kube-vip.yaml"]).env("address")
		if address == "" {
			continue
		}
		vip := virtualIP{address, found[address].holder}
		if m.mayAnnounce() && (vip.holder == nil || m.cluster.leaseHolder() == m.name) {
			vip.holder = m
		}
		found[address] = vip
	}
	return slices.SortedFunc(maps.Values(found), func(a, b virtualIP) int { return strings.Compare(a.address, b.address) })
}

// mayAnnounce tells whether kube-vip on the machine can take its Lease: it asks the API server beside it, with the
// credentials that its manifest mounts. admin.conf has no rights before the end of the first init.
func (m *Machine) mayAnnounce() bool {
	if !m.running() || m.cluster == nil || m.pods["kube-apiserver.yaml"] == "" || !m.cluster.quorum() {
		return false
	}
	for _, v := range parsePod(m.pods["kube-vip.yaml"]).Spec.Volumes {
		switch file := v.HostPath.Path; {
		case !strings.HasSuffix(file, ".conf"):
		case !m.Exists(file):
			return false
		case strings.HasSuffix(file, "/super-admin.conf"):
			return true
		default:
			return m.cluster.bound
		}
	}
	return false
}

// Balance puts a load balancer at an address: it passes connections on to the first control plane that answers.
func (s *Sim) Balance(address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.balanced = append(s.balanced, address)
}

// reach finds the machine that answers at an address, as seen from another one.
func (s *Sim) reach(from *Machine, host string) *Machine {
	if slices.Contains([]string{"127.0.0.1", "localhost", from.address, from.name}, host) {
		return from
	}
	for _, m := range s.list() {
		if m.running() && slices.Contains([]string{m.address, m.name}, host) {
			return m
		}
	}
	for _, vip := range s.virtualIPs() {
		if vip.address == host {
			return vip.holder
		}
	}
	if slices.Contains(s.balanced, host) {
		for _, m := range s.list() {
			if m.running() && m.pods["kube-apiserver.yaml"] != "" {
				return m
			}
		}
	}
	return nil
}

// forward opens a connection from the machine to an address.
func (m *Machine) forward(_ context.Context, _, address string) (net.Conn, error) {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	m.sim.observe()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ours, theirs := net.Pipe()
	if m.sim.occupied[host] {
		theirs.Close()
		return ours, nil
	}
	to := m.sim.reach(m, host)
	if to == nil {
		return nil, fmt.Errorf("dial tcp %s: no route to host", address)
	}
	switch {
	case port == "6443" && to.pods["kube-apiserver.yaml"] != "":
		err = to.serveAPI(theirs)
	case port == "2379" && to.pods["etcd.yaml"] != "":
		err = to.serveEtcd(theirs)
	case to.listens(port):
		theirs.Close()
	default:
		err = fmt.Errorf("dial tcp %s: connection refused", address)
	}
	if err != nil {
		return nil, err
	}
	context.AfterFunc(to.power, func() { theirs.Close() })
	return ours, nil
}

var errEtcdTimeout = errors.New("etcdserver: request timed out")

// listens tells whether anything else holds a port.
func (m *Machine) listens(port string) bool {
	n, err := strconv.Atoi(port)
	return err == nil && m.ports[n] != ""
}

// api finds the cluster whose API answers at an endpoint, as kubeadm on a machine asks for it.
func (m *Machine) api(endpoint string) (*cluster, error) {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return nil, err
	}
	to := m.sim.reach(m, host)
	switch {
	case to == nil:
		return nil, fmt.Errorf("dial tcp %s: connect: no route to host", endpoint)
	case to.pods["kube-apiserver.yaml"] == "" || to.cluster == nil:
		return nil, fmt.Errorf("dial tcp %s: connect: connection refused", endpoint)
	case !to.cluster.quorum():
		return nil, errEtcdTimeout
	}
	return to.cluster, nil
}

func (s *Sim) withFaults(m *Machine) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.API.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), asked{}, m)))
	})
}

// asked is the key of the machine whose API server a request went to.
type asked struct{}
