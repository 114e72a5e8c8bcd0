package nodesim

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// init makes a cluster.
func (k *command) init() error {
	if k.docs.Init == nil || k.docs.Cluster == nil {
		return errors.New("the simulator initialises clusters by a file with InitConfiguration and ClusterConfiguration alone")
	}
	init, config := k.docs.Init, *k.docs.Cluster
	k.ignore = init.NodeRegistration.IgnorePreflightErrors
	if err := k.checkVersion(config.KubernetesVersion); err != nil {
		return err
	}
	ports := []int{6443, 10250, 10257, 10259}
	folders := []string(nil)
	if config.Etcd.External == nil {
		ports = append(ports, 2379, 2380)
		folders = []string{config.Etcd.Local.DataDir}
	}
	if err := k.preflight(k.checkNode(ports, manifestFiles(), folders)); err != nil {
		return err
	}
	if init.NodeRegistration.Name != k.name {
		return fmt.Errorf("the machine is %q, the node %q", k.name, init.NodeRegistration.Name)
	}
	if !k.skips("certs") {
		if err := k.phase("certs", "Using certificateDir folder %q", config.CertificatesDir); err != nil {
			return err
		}
		if err := errors.Join(k.authorities(), k.certificates(config)); err != nil {
			return fmt.Errorf("error execution phase certs: %w", err)
		}
	}
	if !k.skips("kubeconfig") {
		if err := k.phase("kubeconfig", "Using kubeconfig folder \"/etc/kubernetes\""); err != nil {
			return err
		}
		if err := k.writeKubeconfigs(config, k.pair("ca"), true); err != nil {
			return err
		}
	}
	if !k.skips("control-plane") {
		if err := k.startControlPlane(config); err != nil {
			return err
		}
	}
	if k.cluster == nil {
		return errors.New("error execution phase upload-config/kubeadm: dial tcp " + k.address + ":6443: connect: connection refused")
	}
	if !k.skips("kubelet-start") {
		if err := k.startKubelet(kubeletDefaults(k.docs.Kubelet), init.NodeRegistration.KubeletExtraArgs); err != nil {
			return err
		}
	}
	if !k.skips("wait-control-plane") {
		if err := k.phase("wait-control-plane", "Waiting for the kubelet to boot up the control plane as static Pods from directory %q", strings.TrimSuffix(manifests, "/")); err != nil {
			return err
		}
	}
	if err := k.awaitEndpoint(k.cluster, config); err != nil {
		return err
	}
	return k.finishInit(k.cluster, config, *init)
}

// startControlPlane writes the static pods of a new cluster.
func (k *command) startControlPlane(config clusterConfiguration) error {
	if err := k.phase("control-plane", "Using manifest folder %q", strings.TrimSuffix(manifests, "/")); err != nil {
		return err
	}
	if err := k.writeManifests(config); err != nil {
		return err
	}
	c := &cluster{sim: k.sim, ca: k.pair("ca"), store: newStore(), starting: &config}
	k.sim.clusters = append(k.sim.clusters, c)
	k.cluster = c
	if config.Etcd.External != nil {
		return nil
	}
	return k.startMember(c.addMember(k.Machine), config.Etcd.Local.DataDir)
}

// awaitEndpoint waits for the API at its endpoint: only through that the administrator gets its rights.
func (k *command) awaitEndpoint(c *cluster, config clusterConfiguration) error {
	endpoint := cmp.Or(config.ControlPlaneEndpoint, net.JoinHostPort(k.address, "6443"))
	ok := k.wait(func() bool {
		return k.sim.until(k.ctx, timeLimit, func() bool {
			k.sim.observe()
			got, err := k.api(endpoint)
			return err == nil && got == c
		})
	})
	if !ok {
		return fmt.Errorf("error execution phase upload-config/kubeadm: could not bootstrap the admin user in file admin.conf: unable to create ClusterRoleBinding: client rate limiter Wait returned an error: Post \"https://%s/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?timeout=10s\": context deadline exceeded", endpoint)
	}
	c.bound = true
	return nil
}

// finishInit fills the new cluster.
func (k *command) finishInit(c *cluster, config clusterConfiguration, init initConfiguration) error {
	if err := k.phase("upload-config", "Storing the configuration used in ConfigMap \"kubeadm-config\" in the \"kube-system\" Namespace"); err != nil {
		return err
	}
	c.storeConfig(config)
	if c.starting != nil {
		k.sim.inits = append(k.sim.inits, k.name)
	}
	c.starting, c.shared = nil, k.readShared()
	c.store.configMap("kube-system", "kubelet-config", map[string]string{"kubelet": toYAML(kubeletDefaults(k.docs.Kubelet))})
	if _, upload := k.options["upload-certs"]; upload {
		if err := k.phase("upload-certs", "Storing the certificates in Secret \"kubeadm-certs\" in the \"kube-system\" Namespace"); err != nil {
			return err
		}
		c.uploadCertificates(init.CertificateKey)
	}
	if err := k.phase("mark-control-plane", "Marking the node %s as control-plane", k.name); err != nil {
		return err
	}
	if err := k.mark(c, init.NodeRegistration.Taints, true); err != nil {
		return err
	}
	if err := k.phase("bootstrap-token", "Using token"); err != nil {
		return err
	}
	tokens := init.BootstrapTokens
	if len(tokens) == 0 {
		tokens = []bootstrapToken{{}}
	}
	for _, t := range tokens {
		if err := c.newToken(t.Token, t.TTL); err != nil {
			return err
		}
	}
	c.store.configMap("kube-public", "cluster-info", map[string]string{"kubeconfig": "certificate-authority-data: " + base64Of(c.ca.cert)})
	if err := k.phase("addons", "Applied essential addons"); err != nil {
		return err
	}
	k.printf("\nYour Kubernetes control-plane has initialized successfully!\n")
	return nil
}

func (c *cluster) storeConfig(config clusterConfiguration) {
	c.store.configMap("kube-system", "kubeadm-config", map[string]string{"ClusterConfiguration": toYAML(config)})
}

func (c *cluster) uploadCertificates(key string) {
	c.certificateKey = key
	c.store.secret("kubeadm-certs", "Opaque", map[string]string{"ca.crt": "encrypted", "ca.key": "encrypted"})
}

func (k *command) writeKubeconfigs(config clusterConfiguration, ca pair, first bool) error {
	local := net.JoinHostPort(k.address, "6443")
	for file := range identities {
		endpoint := cmp.Or(config.ControlPlaneEndpoint, local)
		switch {
		case file == "super-admin.conf" && !first, file == "kubelet.conf" && !first:
			continue
		case file == "controller-manager.conf", file == "scheduler.conf":
			endpoint = local
		}
		if err := k.kubeconfig(file, config.ClusterName, endpoint, ca); err != nil {
			return fmt.Errorf("error execution phase kubeconfig: %w", err)
		}
	}
	return nil
}

func (k *command) writeManifests(config clusterConfiguration) error {
	for _, name := range staticPods {
		if err := k.writeManifest(name, config); err != nil {
			return fmt.Errorf("error execution phase control-plane: %w", err)
		}
	}
	return nil
}

// startMember puts the data of a member of etcd on the machine's disk.
func (k *command) startMember(e *member, dataDir string) error {
	if err := k.writeFile(dataDir+"/member/snap/db", "data\n"); err != nil {
		return fmt.Errorf("error execution phase etcd: %w", err)
	}
	e.name, e.data = k.name, k.installation
	return nil
}

// mark labels and taints a node that kubeadm has made.
func (k *command) mark(c *cluster, taints *[]taint, controlPlane bool) error {
	node := c.store.node(k.name)
	if node == nil {
		return fmt.Errorf("nodes %q not found", k.name)
	}
	if controlPlane {
		node.Labels[controlPlaneLabel] = ""
		node.Labels["node.kubernetes.io/exclude-from-external-load-balancers"] = ""
	}
	wanted := []taint{}
	if controlPlane {
		wanted = []taint{{Key: controlPlaneLabel, Effect: "NoSchedule"}}
	}
	if taints != nil {
		wanted = *taints
	}
	for _, t := range wanted {
		node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: t.Key, Value: t.Value, Effect: corev1.TaintEffect(t.Effect)})
	}
	c.store.putNode(node)
	return nil
}

// join makes the machine a node of a cluster.
func (k *command) join() error {
	join := k.docs.Join
	if join == nil || join.Discovery.BootstrapToken == nil {
		return errors.New("the simulator joins nodes by a file with JoinConfiguration and a bootstrap token alone")
	}
	k.ignore = join.NodeRegistration.IgnorePreflightErrors
	ports, files, folders := []int{10250}, []string{kubeletConf, "/etc/kubernetes/bootstrap-kubelet.conf"}, []string(nil)
	if join.ControlPlane == nil {
		files = append(files, pki+"ca.crt")
	} else {
		ports, files = append(ports, 6443, 10257, 10259, 2379, 2380), append(files, manifestFiles()...)
		folders = []string{etcdDir}
	}
	if err := k.preflight(k.checkNode(ports, files, folders)); err != nil {
		return err
	}
	if join.NodeRegistration.Name != k.name {
		return fmt.Errorf("the machine is %q, the node %q", k.name, join.NodeRegistration.Name)
	}
	c, err := k.discover(join)
	if err != nil {
		return err
	}
	config := c.config()
	if err := k.checkVersion(config.KubernetesVersion); err != nil {
		return err
	}
	if node := c.store.node(k.name); node != nil && isReady(node) {
		return fmt.Errorf("error execution phase kubelet-start: a Node with name %q and status \"Ready\" already exists in the cluster. You must delete the existing Node or change the name of this new joining Node", k.name)
	}
	if join.ControlPlane != nil {
		if err := k.prepareControlPlane(c, config, join.ControlPlane.CertificateKey); err != nil {
			return err
		}
	} else if err := k.writeFile(pki+"ca.crt", c.ca.cert); err != nil {
		return err
	}
	k.cluster = c
	if err := k.kubeconfig("kubelet.conf", config.ClusterName, config.ControlPlaneEndpoint, c.ca); err != nil {
		return err
	}
	var kubelet map[string]any
	if err := yaml.Unmarshal([]byte(c.store.configMapData("kubelet-config", "kubelet")), &kubelet); err != nil {
		return err
	}
	if err := k.startKubelet(kubelet, join.NodeRegistration.KubeletExtraArgs); err != nil {
		return err
	}
	if join.ControlPlane != nil {
		if err := k.joinEtcd(c, config); err != nil {
			return err
		}
	}
	if err := k.mark(c, join.NodeRegistration.Taints, join.ControlPlane != nil); err != nil {
		return err
	}
	k.sim.observe()
	k.printf("\nThis node has joined the cluster\n")
	return nil
}

func isReady(n *corev1.Node) bool {
	return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
}

// discover finds the cluster that the file is about, and checks what the file knows of it.
func (k *command) discover(join *joinConfiguration) (*cluster, error) {
	token := join.Discovery.BootstrapToken
	if err := k.phase("discovery", "Reading configuration from the \"kubeadm-config\" ConfigMap in namespace \"kube-system\"..."); err != nil {
		return nil, err
	}
	k.sim.observe()
	c, err := k.api(token.APIServerEndpoint)
	switch {
	case err != nil:
		return nil, fmt.Errorf("error execution phase preflight: couldn't validate the identity of the API Server: failed to request the cluster-info ConfigMap: Get \"https://%s/api/v1/namespaces/kube-public/configmaps/cluster-info?timeout=10s\": %w", token.APIServerEndpoint, err)
	case !c.store.tokenValid(token.Token):
		id, _, _ := strings.Cut(token.Token, ".")
		return nil, fmt.Errorf("error execution phase preflight: couldn't validate the identity of the API Server: could not find a JWS signature in the cluster-info ConfigMap for token ID %q", id)
	case !token.UnsafeSkipCAVerification && !slices.Contains(token.CACertHashes, c.ca.hash()):
		return nil, fmt.Errorf("error execution phase preflight: couldn't validate the identity of the API Server: cluster CA found in cluster-info ConfigMap is invalid: none of the public keys %q are pinned", c.ca.hash())
	case c.store.get("configmaps", "kube-system", "kubeadm-config") == nil:
		return nil, errors.New("error execution phase preflight: unable to fetch the kubeadm-config ConfigMap: failed to get config map: configmaps \"kubeadm-config\" not found")
	}
	return c, nil
}

// prepareControlPlane brings the certificates of the cluster to a joining control plane.
func (k *command) prepareControlPlane(c *cluster, config clusterConfiguration, key string) error {
	if err := k.phase("download-certs", "Downloading the certificates in Secret \"kubeadm-certs\" in the \"kube-system\" Namespace"); err != nil {
		return err
	}
	switch {
	case c.store.get("secrets", "kube-system", "kubeadm-certs") == nil:
		return errors.New("error execution phase control-plane-prepare/download-certs: error downloading certs: error downloading the secret: Secret \"kubeadm-certs\" was not found in the \"kube-system\" Namespace. This Secret might have expired. Please, run `kubeadm init phase upload-certs --upload-certs` on a control plane to generate a new one")
	case key == "" || key != c.certificateKey:
		return errors.New("error execution phase control-plane-prepare/download-certs: error downloading certs: error decoding secret data with provided key: cipher: message authentication failed")
	}
	for name, p := range c.shared {
		if err := k.writeFile(pki+name, p); err != nil {
			return err
		}
	}
	if err := k.phase("certs", "Using the existing CA certificate"); err != nil {
		return err
	}
	if err := k.certificates(config); err != nil {
		return fmt.Errorf("error execution phase control-plane-prepare/certs: %w", err)
	}
	return k.writeKubeconfigs(config, c.ca, false)
}

// sharedFiles are what every control plane has alike.
var sharedFiles = []string{"ca.crt", "ca.key", "front-proxy-ca.crt", "front-proxy-ca.key", "etcd/ca.crt", "etcd/ca.key", "sa.key", "sa.pub"}

func (m *Machine) readShared() map[string]string {
	shared := map[string]string{}
	for _, name := range sharedFiles {
		shared[name] = m.File(pki + name)
	}
	return shared
}

// joinEtcd adds a member, lets it learn, and makes it vote; then the other components start.
func (k *command) joinEtcd(c *cluster, config clusterConfiguration) error {
	if config.Etcd.Local == nil {
		return k.writeManifests(config)
	}
	if err := k.phase("check-etcd", "Checking that the etcd cluster is healthy"); err != nil {
		return err
	}
	for _, e := range c.members {
		if !e.healthy() {
			return fmt.Errorf("error execution phase check-etcd: etcd cluster is not healthy: failed to dial endpoint %s with maintenance client: context deadline exceeded", strings.Replace(e.peerURL, "2380", "2379", 1))
		}
	}
	if err := k.phase("control-plane-join", "Announced new etcd member joining to the existing etcd cluster"); err != nil {
		return err
	}
	e := c.addMember(k.Machine)
	if err := k.startMember(e, config.Etcd.Local.DataDir); err != nil {
		return err
	}
	if err := k.writeManifests(config); err != nil {
		return err
	}
	k.Machine.observe()
	if err := k.phase("etcd-join", "Waiting for the new etcd member to join the cluster"); err != nil {
		return err
	}
	if !e.healthy() || !c.quorum() {
		return errors.New("error execution phase etcd-join: error creating local etcd static pod manifest file: etcdserver: can only promote a learner member which is in sync with leader")
	}
	e.learner = false
	return nil
}

// uploadCerts puts the certificates into their Secret again.
func (k *command) uploadCerts() error {
	c, err := k.own()
	if err != nil {
		return err
	}
	if k.docs.Init == nil || k.docs.Init.CertificateKey == "" {
		return errors.New("the simulator uploads certificates with a key from a file alone")
	}
	c.uploadCertificates(k.docs.Init.CertificateKey)
	return k.phase("upload-certs", "Storing the certificates in Secret \"kubeadm-certs\" in the \"kube-system\" Namespace")
}

// own is the cluster whose control plane the machine is.
func (k *command) own() (*cluster, error) {
	k.sim.observe()
	if k.cluster == nil || !k.Exists("/etc/kubernetes/admin.conf") {
		return nil, errors.New("failed to load admin kubeconfig: open /etc/kubernetes/admin.conf: no such file or directory")
	}
	if !k.cluster.quorum() {
		return nil, errEtcdTimeout
	}
	return k.cluster, nil
}

// controlPlane writes the manifests of the control plane anew.
func (k *command) controlPlane() error {
	if k.docs.Cluster == nil {
		return errors.New("the simulator configures by a file with ClusterConfiguration alone")
	}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"} {
		if err := k.writeManifest(name, *k.docs.Cluster); err != nil {
			return err
		}
	}
	k.Machine.observe()
	return k.phase("control-plane", "Creating static Pod manifests")
}

func (k *command) localEtcd() error {
	if k.docs.Cluster == nil {
		return errors.New("the simulator configures by a file with ClusterConfiguration alone")
	}
	if err := k.writeManifest("etcd", *k.docs.Cluster); err != nil {
		return err
	}
	k.Machine.observe()
	return k.phase("etcd", "Creating static Pod manifest for local etcd in %q", manifests)
}

// apiServerCertificate makes the certificate of the API server, unless it is there.
func (k *command) apiServerCertificate() error {
	if k.docs.Cluster == nil {
		return errors.New("the simulator makes certificates by a file with ClusterConfiguration alone")
	}
	if err := k.certificates(*k.docs.Cluster); err != nil {
		return err
	}
	return k.phase("certs", "Generating \"apiserver\" certificate and key")
}

// renew makes all certificates of a control plane anew.
func (k *command) renew() error {
	c, err := k.own()
	if err != nil {
		return err
	}
	config := c.config()
	for _, l := range k.leaves(config) {
		if err := os.Remove(k.host(pki + l.name + ".crt")); err != nil {
			return err
		}
	}
	if err := k.certificates(config); err != nil {
		return err
	}
	if err := k.writeKubeconfigs(config, c.ca, false); err != nil {
		return err
	}
	return k.phase("renew", "Done renewing certificates. You must restart the kube-apiserver, kube-controller-manager, kube-scheduler and etcd, so that they can use the new certificates.")
}
