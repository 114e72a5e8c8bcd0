package nodesim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// The documents of kubeadm.k8s.io/v1beta4, as far as clusters here have them. A field that is not here is refused, so
// that a document which a real kubeadm would not understand does not pass.
type (
	typeMeta struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	argument struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	taint struct {
		Key    string `json:"key"`
		Value  string `json:"value,omitempty"`
		Effect string `json:"effect"`
	}
	nodeRegistration struct {
		Name                  string     `json:"name,omitempty"`
		CRISocket             string     `json:"criSocket,omitempty"`
		Taints                *[]taint   `json:"taints,omitempty"`
		KubeletExtraArgs      []argument `json:"kubeletExtraArgs,omitempty"`
		IgnorePreflightErrors []string   `json:"ignorePreflightErrors,omitempty"`
		ImagePullPolicy       string     `json:"imagePullPolicy,omitempty"`
		ImagePullSerial       *bool      `json:"imagePullSerial,omitempty"`
	}
	apiEndpoint struct {
		AdvertiseAddress string `json:"advertiseAddress,omitempty"`
		BindPort         int    `json:"bindPort,omitempty"`
	}
	bootstrapToken struct {
		Token       string   `json:"token"`
		Description string   `json:"description,omitempty"`
		TTL         string   `json:"ttl,omitempty"`
		Expires     string   `json:"expires,omitempty"`
		Usages      []string `json:"usages,omitempty"`
		Groups      []string `json:"groups,omitempty"`
	}
	patches struct {
		Directory string `json:"directory,omitempty"`
	}
	timeouts map[string]string

	initConfiguration struct {
		typeMeta
		BootstrapTokens  []bootstrapToken `json:"bootstrapTokens,omitempty"`
		DryRun           bool             `json:"dryRun,omitempty"`
		LocalAPIEndpoint apiEndpoint      `json:"localAPIEndpoint,omitzero"`
		NodeRegistration nodeRegistration `json:"nodeRegistration,omitzero"`
		CertificateKey   string           `json:"certificateKey,omitempty"`
		SkipPhases       []string         `json:"skipPhases,omitempty"`
		Patches          *patches         `json:"patches,omitempty"`
		Timeouts         timeouts         `json:"timeouts,omitempty"`
	}
	component struct {
		ExtraArgs    []argument       `json:"extraArgs,omitempty"`
		ExtraVolumes []map[string]any `json:"extraVolumes,omitempty"`
		ExtraEnvs    []map[string]any `json:"extraEnvs,omitempty"`
	}
	apiServer struct {
		component
		CertSANs []string `json:"certSANs,omitempty"`
	}
	localEtcd struct {
		ImageRepository string           `json:"imageRepository,omitempty"`
		ImageTag        string           `json:"imageTag,omitempty"`
		DataDir         string           `json:"dataDir"`
		ExtraArgs       []argument       `json:"extraArgs,omitempty"`
		ExtraEnvs       []map[string]any `json:"extraEnvs,omitempty"`
		ServerCertSANs  []string         `json:"serverCertSANs,omitempty"`
		PeerCertSANs    []string         `json:"peerCertSANs,omitempty"`
	}
	externalEtcd struct {
		Endpoints []string `json:"endpoints"`
		CAFile    string   `json:"caFile"`
		CertFile  string   `json:"certFile"`
		KeyFile   string   `json:"keyFile"`
	}
	etcd struct {
		Local    *localEtcd    `json:"local,omitempty"`
		External *externalEtcd `json:"external,omitempty"`
	}
	networking struct {
		ServiceSubnet string `json:"serviceSubnet,omitempty"`
		PodSubnet     string `json:"podSubnet,omitempty"`
		DNSDomain     string `json:"dnsDomain,omitempty"`
	}
	dns struct {
		ImageRepository string `json:"imageRepository,omitempty"`
		ImageTag        string `json:"imageTag,omitempty"`
		Disabled        bool   `json:"disabled,omitempty"`
	}
	proxy struct {
		Disabled bool `json:"disabled,omitempty"`
	}
	clusterConfiguration struct {
		typeMeta
		KubernetesVersion           string          `json:"kubernetesVersion,omitempty"`
		ControlPlaneEndpoint        string          `json:"controlPlaneEndpoint,omitempty"`
		ClusterName                 string          `json:"clusterName,omitempty"`
		Networking                  networking      `json:"networking"`
		APIServer                   apiServer       `json:"apiServer"`
		ControllerManager           component       `json:"controllerManager"`
		Scheduler                   component       `json:"scheduler"`
		Etcd                        etcd            `json:"etcd"`
		DNS                         dns             `json:"dns"`
		Proxy                       proxy           `json:"proxy"`
		ImageRepository             string          `json:"imageRepository,omitempty"`
		FeatureGates                map[string]bool `json:"featureGates,omitempty"`
		CertificatesDir             string          `json:"certificatesDir,omitempty"`
		CertificateValidityPeriod   string          `json:"certificateValidityPeriod,omitempty"`
		CACertificateValidityPeriod string          `json:"caCertificateValidityPeriod,omitempty"`
		EncryptionAlgorithm         string          `json:"encryptionAlgorithm,omitempty"`
	}
	tokenDiscovery struct {
		APIServerEndpoint        string   `json:"apiServerEndpoint"`
		Token                    string   `json:"token"`
		CACertHashes             []string `json:"caCertHashes,omitempty"`
		UnsafeSkipCAVerification bool     `json:"unsafeSkipCAVerification,omitempty"`
	}
	discovery struct {
		BootstrapToken    *tokenDiscovery `json:"bootstrapToken,omitempty"`
		TLSBootstrapToken string          `json:"tlsBootstrapToken,omitempty"`
	}
	joinControlPlane struct {
		LocalAPIEndpoint apiEndpoint `json:"localAPIEndpoint,omitzero"`
		CertificateKey   string      `json:"certificateKey,omitempty"`
	}
	joinConfiguration struct {
		typeMeta
		NodeRegistration nodeRegistration  `json:"nodeRegistration"`
		CACertPath       string            `json:"caCertPath,omitempty"`
		Discovery        discovery         `json:"discovery"`
		ControlPlane     *joinControlPlane `json:"controlPlane,omitempty"`
		SkipPhases       []string          `json:"skipPhases,omitempty"`
		Patches          *patches          `json:"patches,omitempty"`
		Timeouts         timeouts          `json:"timeouts,omitempty"`
	}
	upgrade struct {
		KubernetesVersion         string   `json:"kubernetesVersion,omitempty"`
		AllowExperimentalUpgrades bool     `json:"allowExperimentalUpgrades,omitempty"`
		AllowRCUpgrades           bool     `json:"allowRCUpgrades,omitempty"`
		CertificateRenewal        *bool    `json:"certificateRenewal,omitempty"`
		EtcdUpgrade               *bool    `json:"etcdUpgrade,omitempty"`
		ForceUpgrade              bool     `json:"forceUpgrade,omitempty"`
		IgnorePreflightErrors     []string `json:"ignorePreflightErrors,omitempty"`
		Patches                   *patches `json:"patches,omitempty"`
		PrintConfig               bool     `json:"printConfig,omitempty"`
		SkipPhases                []string `json:"skipPhases,omitempty"`
		ImagePullPolicy           string   `json:"imagePullPolicy,omitempty"`
		ImagePullSerial           *bool    `json:"imagePullSerial,omitempty"`
		DryRun                    bool     `json:"dryRun,omitempty"`
	}
	upgradeConfiguration struct {
		typeMeta
		Apply    upgrade        `json:"apply,omitzero"`
		Node     upgrade        `json:"node,omitzero"`
		Plan     upgrade        `json:"plan,omitzero"`
		Diff     map[string]any `json:"diff,omitempty"`
		Timeouts timeouts       `json:"timeouts,omitempty"`
	}
	resetConfiguration struct {
		typeMeta
		CleanupTmpDir         bool     `json:"cleanupTmpDir,omitempty"`
		CertificatesDir       string   `json:"certificatesDir,omitempty"`
		CRISocket             string   `json:"criSocket,omitempty"`
		DryRun                bool     `json:"dryRun,omitempty"`
		Force                 bool     `json:"force,omitempty"`
		IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitempty"`
		SkipPhases            []string `json:"skipPhases,omitempty"`
		UnmountFlags          []string `json:"unmountFlags,omitempty"`
		Timeouts              timeouts `json:"timeouts,omitempty"`
	}
)

// documents are those of one file.
type documents struct {
	Init      *initConfiguration
	Cluster   *clusterConfiguration
	Join      *joinConfiguration
	Upgrade   *upgradeConfiguration
	Reset     *resetConfiguration
	Kubelet   map[string]any
	KubeProxy map[string]any
}

// readDocuments reads a configuration file strictly.
func (m *Machine) readDocuments(file string) (documents, error) {
	if !m.Exists(file) {
		return documents{}, fmt.Errorf("unable to read config from %q: open %s: no such file or directory", file, file)
	}
	var d documents
	for text := range bytes.SplitSeq([]byte("\n"+m.File(file)), []byte("\n---")) {
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if err := d.add(text); err != nil {
			return documents{}, err
		}
	}
	return d, nil
}

func (d *documents) add(text []byte) error {
	var meta typeMeta
	if err := yaml.Unmarshal(text, &meta); err != nil {
		return err
	}
	version := "kubeadm.k8s.io/v1beta4"
	var into any
	switch meta.Kind {
	case "InitConfiguration":
		d.Init = &initConfiguration{}
		into = d.Init
	case "ClusterConfiguration":
		d.Cluster = &clusterConfiguration{}
		into = d.Cluster
	case "JoinConfiguration":
		d.Join = &joinConfiguration{}
		into = d.Join
	case "UpgradeConfiguration":
		d.Upgrade = &upgradeConfiguration{}
		into = d.Upgrade
	case "ResetConfiguration":
		d.Reset = &resetConfiguration{}
		into = d.Reset
	case "KubeletConfiguration":
		version, into = "kubelet.config.k8s.io/v1beta1", &d.Kubelet
	case "KubeProxyConfiguration":
		version, into = "kubeproxy.config.k8s.io/v1alpha1", &d.KubeProxy
	default:
		return fmt.Errorf("no kind %q is registered for version %q", meta.Kind, meta.APIVersion)
	}
	if meta.APIVersion != version {
		return fmt.Errorf("no kind %q is registered for version %q", meta.Kind, meta.APIVersion)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		return fmt.Errorf("error unmarshaling configuration schema.GroupVersionKind{Version:%q, Kind:%q}: strict decoding error: %w", meta.APIVersion, meta.Kind, err)
	}
	return nil
}

// defaulted fills in what kubeadm fills in.
func (c clusterConfiguration) defaulted() clusterConfiguration {
	c.typeMeta = typeMeta{"kubeadm.k8s.io/v1beta4", "ClusterConfiguration"}
	c.ClusterName = cmp.Or(c.ClusterName, "kubernetes")
	c.Networking.ServiceSubnet = cmp.Or(c.Networking.ServiceSubnet, "10.96.0.0/12")
	c.Networking.DNSDomain = cmp.Or(c.Networking.DNSDomain, "cluster.local")
	c.ImageRepository = cmp.Or(c.ImageRepository, "registry.k8s.io")
	c.CertificatesDir = cmp.Or(c.CertificatesDir, "/etc/kubernetes/pki")
	c.CertificateValidityPeriod = cmp.Or(c.CertificateValidityPeriod, "8760h0m0s")
	c.CACertificateValidityPeriod = cmp.Or(c.CACertificateValidityPeriod, "87600h0m0s")
	c.EncryptionAlgorithm = cmp.Or(c.EncryptionAlgorithm, "RSA-2048")
	if c.Etcd.External == nil {
		local := localEtcd{}
		if c.Etcd.Local != nil {
			local = *c.Etcd.Local
		}
		local.DataDir = cmp.Or(local.DataDir, "/var/lib/etcd")
		c.Etcd.Local = &local
	}
	return c
}

func toYAML(v any) string {
	text, err := yaml.Marshal(v)
	if err != nil {
		panic(err) // of our own types
	}
	return string(text)
}

// kubeletDefaults is the cluster's KubeletConfiguration with kubeadm's defaults.
func kubeletDefaults(own map[string]any) map[string]any {
	config := map[string]any{
		"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
		"cgroupDriver": "systemd", "staticPodPath": "/etc/kubernetes/manifests", "rotateCertificates": true,
		"clusterDNS": []any{"10.96.0.10"}, "clusterDomain": "cluster.local",
	}
	for k, v := range own {
		config[k] = v
	}
	return config
}

const manifests = "/etc/kubernetes/manifests/"

// staticPods are the components of a control plane with their ports.
var staticPods = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}

const etcdTag = "3.6.5-0"

// writeManifest writes the static pod of a component as kubeadm does.
func (m *Machine) writeManifest(name string, c clusterConfiguration) error {
	own := map[string]component{"kube-apiserver": c.APIServer.component, "kube-controller-manager": c.ControllerManager, "kube-scheduler": c.Scheduler}[name]
	image, args := name+":"+c.KubernetesVersion, []string{}
	switch name {
	case "kube-apiserver":
		args = []string{"--advertise-address=" + m.address, "--secure-port=6443", "--service-cluster-ip-range=" + c.Networking.ServiceSubnet}
	case "kube-controller-manager", "kube-scheduler":
		args = []string{"--bind-address=127.0.0.1", "--leader-elect=true"}
	case "etcd":
		if c.Etcd.Local == nil {
			return nil
		}
		image = "etcd:" + cmp.Or(c.Etcd.Local.ImageTag, etcdTag)
		args = []string{"--name=" + m.name, "--data-dir=" + c.Etcd.Local.DataDir, "--listen-client-urls=https://127.0.0.1:2379,https://" + m.address + ":2379"}
		own.ExtraArgs = c.Etcd.Local.ExtraArgs
	}
	for _, a := range own.ExtraArgs {
		text := "--" + a.Name + "=" + a.Value
		if i := slices.IndexFunc(args, func(s string) bool { return strings.HasPrefix(s, "--"+a.Name+"=") }); i >= 0 {
			args[i] = text
		} else {
			args = append(args, text)
		}
	}
	slices.Sort(args)
	labels := map[string]any{"component": name, "tier": "control-plane"}
	return m.writeFile(manifests+name+".yaml", toYAML(map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": name, "namespace": "kube-system", "labels": labels},
		"spec": map[string]any{
			"hostNetwork": true,
			"containers":  []any{map[string]any{"name": name, "image": c.ImageRepository + "/" + image, "command": append([]string{name}, args...)}},
		},
	}))
}

// parsedPod is what the simulator reads of a static pod.
type parsedPod struct {
	Spec struct {
		Containers []struct {
			Image string `json:"image"`
			Env   []struct{ Name, Value string }
		} `json:"containers"`
		Volumes []struct {
			HostPath struct{ Path string } `json:"hostPath"`
		} `json:"volumes"`
	} `json:"spec"`
}

func parsePod(text string) (p parsedPod) {
	if err := yaml.Unmarshal([]byte(text), &p); err != nil || len(p.Spec.Containers) == 0 {
		return parsedPod{}
	}
	return p
}

// tag is the version of a pod's image, "" when there is no such pod.
func (p parsedPod) tag() string {
	if len(p.Spec.Containers) == 0 {
		return ""
	}
	_, tag, _ := strings.Cut(p.Spec.Containers[0].Image[strings.LastIndex(p.Spec.Containers[0].Image, "/")+1:], ":")
	return tag
}

func (p parsedPod) env(name string) string {
	for _, c := range p.Spec.Containers {
		for _, e := range c.Env {
			if e.Name == name {
				return e.Value
			}
		}
	}
	return ""
}

func mustJSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own types
	}
	return text
}
