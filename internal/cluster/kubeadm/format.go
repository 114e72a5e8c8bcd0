package kubeadm

// The documents of kubeadm.k8s.io/v1beta4, as far as this provider writes and
// reads them. kubeadm's own types are in k8s.io/kubernetes, which is no library.

type typeMeta struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
}

type initConfiguration struct {
	typeMeta

	BootstrapTokens  []bootstrapToken `json:"bootstrapTokens,omitempty"`
	NodeRegistration nodeRegistration `json:"nodeRegistration"`
	LocalAPIEndpoint localEndpoint    `json:"localAPIEndpoint"`
	CertificateKey   string           `json:"certificateKey,omitempty"`
}

type bootstrapToken struct {
	TTL string `json:"ttl"`
}

type nodeRegistration struct {
	Name      string `json:"name"`
	CRISocket string `json:"criSocket"`
	// Taints is nil for the role's own, and empty for none.
	Taints                *[]Taint   `json:"taints,omitempty"`
	KubeletExtraArgs      []Argument `json:"kubeletExtraArgs"`
	IgnorePreflightErrors []string   `json:"ignorePreflightErrors,omitempty"`
}

type localEndpoint struct {
	AdvertiseAddress string `json:"advertiseAddress"`
	BindPort         int    `json:"bindPort"`
}

type clusterConfiguration struct {
	typeMeta

	ClusterName          string     `json:"clusterName,omitempty"`
	KubernetesVersion    string     `json:"kubernetesVersion"`
	ControlPlaneEndpoint string     `json:"controlPlaneEndpoint"`
	Networking           networking `json:"networking"`
	APIServer            apiServer  `json:"apiServer"`
	ControllerManager    Component  `json:"controllerManager"`
	Scheduler            Component  `json:"scheduler"`
	Etcd                 etcd       `json:"etcd"`
	ImageRepository      string     `json:"imageRepository,omitempty"`
	DNS                  addon      `json:"dns"`
	Proxy                addon      `json:"proxy"`
}

type networking struct {
	PodSubnet     string `json:"podSubnet,omitempty"`
	ServiceSubnet string `json:"serviceSubnet,omitempty"`
	DNSDomain     string `json:"dnsDomain,omitempty"`
}

type apiServer struct {
	Component

	CertSANs []string `json:"certSANs,omitempty"`
}

type etcd struct {
	Local    *localEtcd    `json:"local,omitempty"`
	External *ExternalEtcd `json:"external,omitempty"`
}

type localEtcd struct {
	DataDir   string     `json:"dataDir"`
	ExtraArgs []Argument `json:"extraArgs,omitempty"`
}

type addon struct {
	Disabled bool `json:"disabled,omitempty"`
}

type joinConfiguration struct {
	typeMeta

	NodeRegistration nodeRegistration  `json:"nodeRegistration"`
	Discovery        discovery         `json:"discovery"`
	ControlPlane     *joinControlPlane `json:"controlPlane,omitempty"`
}

type discovery struct {
	BootstrapToken bootstrapDiscovery `json:"bootstrapToken"`
}

type bootstrapDiscovery struct {
	APIServerEndpoint string   `json:"apiServerEndpoint"`
	Token             string   `json:"token"`
	CACertHashes      []string `json:"caCertHashes"`
}

type joinControlPlane struct {
	LocalAPIEndpoint localEndpoint `json:"localAPIEndpoint"`
	CertificateKey   string        `json:"certificateKey"`
}

type upgradeConfiguration struct {
	typeMeta

	Apply upgradeOptions `json:"apply"`
	Node  upgradeOptions `json:"node"`
}

type upgradeOptions struct {
	KubernetesVersion     string   `json:"kubernetesVersion,omitempty"`
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitempty"`
}

type resetConfiguration struct {
	typeMeta

	Force                 bool     `json:"force"`
	CRISocket             string   `json:"criSocket"`
	IgnorePreflightErrors []string `json:"ignorePreflightErrors,omitempty"`
}
