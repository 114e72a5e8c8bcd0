package kubeadm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"sigs.k8s.io/yaml"
)

const (
	apiVersion      = "kubeadm.k8s.io/v1beta4"
	containerSocket = "unix:///run/containerd/containerd.sock"
)

// InitOptions are what an init needs beyond the cluster.
type InitOptions struct {
	CertificateKey string // 32 bytes in hex, for kubeadm's uploaded certificates
}

// JoinOptions are what a join needs beyond the cluster. They are secrets.
type JoinOptions struct {
	Token          string
	CAHashes       []string
	CertificateKey string // of control planes; "" for workers
	// Endpoint is where the API is asked for the cluster's facts, host:port; ""
	// for the cluster's own endpoint.
	Endpoint string
}

// InitDocument is the file of kubeadm init on a node.
func InitDocument(c Cluster, node string, o InitOptions) ([]byte, error) {
	first, err := newInitConfiguration(c, node, o)
	if err != nil {
		return nil, err
	}
	documents := []any{first, newClusterConfiguration(c)}
	if len(c.Kubelet) > 0 {
		kubelet, err := withKind("kubelet.config.k8s.io/v1beta1", "KubeletConfiguration", c.Kubelet)
		if err != nil {
			return nil, err
		}
		documents = append(documents, kubelet)
	}
	if len(c.KubeProxy) > 0 && c.Proxy {
		proxy, err := withKind("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration", c.KubeProxy)
		if err != nil {
			return nil, err
		}
		documents = append(documents, proxy)
	}
	return write(documents...)
}

// ConfigureDocument is the file of kubeadm init phase (control-plane, etcd,
// certs, upload-certs) on a node of a cluster that exists: stored is
// ClusterConfiguration of ConfigMap kubeadm-config, whose foreign fields stay.
func ConfigureDocument(c Cluster, node string, stored []byte) ([]byte, error) {
	first, err := newInitConfiguration(c, node, InitOptions{})
	if err != nil {
		return nil, err
	}
	merged, err := Merge(stored, c)
	if err != nil {
		return nil, err
	}
	document, err := write(first)
	return slices.Concat(document, []byte("---\n"), merged), err
}

// JoinDocument is the file of kubeadm join on a node, whatever its role.
func JoinDocument(c Cluster, node string, o JoinOptions) ([]byte, error) {
	registration, err := newRegistration(c, node)
	if err != nil {
		return nil, err
	}
	join := joinConfiguration{
		typeMeta:         typeMeta{apiVersion, "JoinConfiguration"},
		NodeRegistration: registration,
		Discovery: discovery{BootstrapToken: bootstrapDiscovery{
			APIServerEndpoint: cmp.Or(o.Endpoint, c.Endpoint), Token: o.Token, CACertHashes: o.CAHashes,
		}},
	}
	if c.Nodes[node].Role == ControlPlane {
		endpoint, err := newLocalEndpoint(c, node)
		if err != nil {
			return nil, err
		}
		join.ControlPlane = &joinControlPlane{LocalAPIEndpoint: endpoint, CertificateKey: o.CertificateKey}
	}
	return write(join)
}

// UpgradeDocument is the file of kubeadm upgrade, for apply and node.
func UpgradeDocument(c Cluster) ([]byte, error) {
	apply := slices.Clone(c.IgnorePreflightErrors)
	if !c.DNS {
		// kubeadm looks for CoreDNS although it is disabled, and stops at "start
		// version empty not supported".
		apply = append(apply, "CoreDNSUnsupportedPlugins", "CoreDNSMigration")
	}
	return write(upgradeConfiguration{
		typeMeta: typeMeta{apiVersion, "UpgradeConfiguration"},
		Apply:    upgradeOptions{KubernetesVersion: "v" + c.Version, IgnorePreflightErrors: apply},
		Node:     upgradeOptions{IgnorePreflightErrors: c.IgnorePreflightErrors},
	})
}

// ResetDocument is the file of kubeadm reset.
func ResetDocument(c Cluster) ([]byte, error) {
	return write(resetConfiguration{
		typeMeta:              typeMeta{apiVersion, "ResetConfiguration"},
		Force:                 true,
		CRISocket:             containerSocket,
		IgnorePreflightErrors: c.IgnorePreflightErrors,
	})
}

func newInitConfiguration(c Cluster, node string, o InitOptions) (initConfiguration, error) {
	registration, err := newRegistration(c, node)
	if err != nil {
		return initConfiguration{}, err
	}
	endpoint, err := newLocalEndpoint(c, node)
	return initConfiguration{
		typeMeta: typeMeta{apiVersion, "InitConfiguration"},
		// kubeadm makes a token in any case, by default for a day. Nobody uses it:
		// every join gets its own.
		BootstrapTokens:  []bootstrapToken{{TTL: "15m0s"}},
		NodeRegistration: registration,
		LocalAPIEndpoint: endpoint,
		CertificateKey:   o.CertificateKey,
	}, err
}

func newRegistration(c Cluster, name string) (nodeRegistration, error) {
	node, ok := c.Nodes[name]
	if !ok {
		return nodeRegistration{}, fmt.Errorf("there is no node %q", name)
	}
	r := nodeRegistration{
		Name:                  name,
		CRISocket:             containerSocket,
		KubeletExtraArgs:      append([]Argument{{"node-ip", node.Address}}, node.KubeletArgs...),
		IgnorePreflightErrors: c.IgnorePreflightErrors,
	}
	if node.Taints != nil {
		r.Taints = &node.Taints
	}
	return r, nil
}

func newLocalEndpoint(c Cluster, node string) (localEndpoint, error) {
	port, err := strconv.Atoi(c.BindPort())
	return localEndpoint{AdvertiseAddress: c.Nodes[node].Address, BindPort: port}, err
}

func newClusterConfiguration(c Cluster) clusterConfiguration {
	s := clusterConfiguration{
		typeMeta:             typeMeta{apiVersion, "ClusterConfiguration"},
		ClusterName:          c.Name,
		KubernetesVersion:    "v" + c.Version,
		ControlPlaneEndpoint: c.Endpoint,
		Networking:           networking{PodSubnet: c.PodCIDR, ServiceSubnet: c.ServiceCIDR, DNSDomain: c.DNSDomain},
		APIServer:            apiServer{Component: c.APIServer, CertSANs: c.CertificateSANs},
		ControllerManager:    c.ControllerManager,
		Scheduler:            c.Scheduler,
		ImageRepository:      c.ImageRepository,
		DNS:                  addon{Disabled: !c.DNS},
		Proxy:                addon{Disabled: !c.Proxy},
	}
	if c.Etcd.External != nil {
		s.Etcd.External = c.Etcd.External
	} else {
		s.Etcd.Local = &localEtcd{DataDir: cmp.Or(c.Etcd.DataDir, "/var/lib/etcd"), ExtraArgs: c.Etcd.ExtraArgs}
	}
	return s
}

func withKind(version, kind string, fields json.RawMessage) (map[string]any, error) {
	object := map[string]any{}
	if err := json.Unmarshal(fields, &object); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	object["apiVersion"], object["kind"] = version, kind
	return object, nil
}

// write puts documents into one file.
func write(documents ...any) ([]byte, error) {
	var file bytes.Buffer
	for i, document := range documents {
		if i > 0 {
			file.WriteString("---\n")
		}
		text, err := yaml.Marshal(document)
		if err != nil {
			return nil, err
		}
		file.Write(text)
	}
	return file.Bytes(), nil
}
