package kubeadm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Configuration is what kubeadm keeps of a cluster in ConfigMap kubeadm-config,
// with its defaults filled in and its lists sorted, so that equal clusters have
// equal configurations whatever version of the format they were stored in.
type Configuration struct {
	ClusterName       string        `json:"clusterName"`
	Version           string        `json:"version"` // without "v"
	Endpoint          string        `json:"endpoint"`
	PodCIDR           string        `json:"podCIDR,omitempty"`
	ServiceCIDR       string        `json:"serviceCIDR"`
	DNSDomain         string        `json:"dnsDomain"`
	ImageRepository   string        `json:"imageRepository"`
	CertificateSANs   []string      `json:"certificateSANs,omitempty"`
	APIServer         []Argument    `json:"apiServer,omitempty"`
	ControllerManager []Argument    `json:"controllerManager,omitempty"`
	Scheduler         []Argument    `json:"scheduler,omitempty"`
	Etcd              []Argument    `json:"etcd,omitempty"`
	EtcdDataDir       string        `json:"etcdDataDir,omitempty"` // "" with an external etcd
	ExternalEtcd      *ExternalEtcd `json:"externalEtcd,omitempty"`
	DNS               bool          `json:"dns"`
	Proxy             bool          `json:"proxy"`
}

// ParseConfiguration reads ClusterConfiguration of ConfigMap kubeadm-config, in
// the format v1beta4 or v1beta3.
func ParseConfiguration(document []byte) (Configuration, error) {
	fields, err := currentFormat(document)
	if err != nil {
		return Configuration{}, err
	}
	var stored clusterConfiguration
	if err := convert(fields, &stored); err != nil {
		return Configuration{}, fmt.Errorf("ClusterConfiguration: %w", err)
	}
	return stored.normalise(), nil
}

// configuration is what would be stored of a wanted cluster.
func (c Cluster) configuration() Configuration { return newClusterConfiguration(c).normalise() }

func (s clusterConfiguration) normalise() Configuration {
	c := Configuration{
		ClusterName:       cmp.Or(s.ClusterName, "kubernetes"),
		Version:           strings.TrimPrefix(s.KubernetesVersion, "v"),
		Endpoint:          s.ControlPlaneEndpoint,
		PodCIDR:           s.Networking.PodSubnet,
		ServiceCIDR:       cmp.Or(s.Networking.ServiceSubnet, "10.96.0.0/12"),
		DNSDomain:         cmp.Or(s.Networking.DNSDomain, "cluster.local"),
		ImageRepository:   cmp.Or(s.ImageRepository, "registry.k8s.io"),
		CertificateSANs:   slices.Compact(slices.Sorted(slices.Values(s.APIServer.CertSANs))),
		APIServer:         byName(s.APIServer.ExtraArgs),
		ControllerManager: byName(s.ControllerManager.ExtraArgs),
		Scheduler:         byName(s.Scheduler.ExtraArgs),
		DNS:               !s.DNS.Disabled,
		Proxy:             !s.Proxy.Disabled,
		ExternalEtcd:      s.Etcd.External,
	}
	if c.ExternalEtcd == nil {
		local := cmp.Or(s.Etcd.Local, &localEtcd{})
		c.EtcdDataDir, c.Etcd = cmp.Or(local.DataDir, "/var/lib/etcd"), byName(local.ExtraArgs)
	}
	return c
}

// byName sorts arguments; the values of one that repeats keep their order.
func byName(args []Argument) []Argument {
	return slices.SortedStableFunc(slices.Values(args), func(a, b Argument) int { return cmp.Compare(a.Name, b.Name) })
}

// Difference is one setting that is not as wanted.
type Difference struct {
	Setting    string // in kubeadm's words: networking.podSubnet
	Have, Want string
	// Immutable is true for what kubeadm cannot change once a cluster is made.
	Immutable bool
}

// Differences are the settings of a stored configuration that are not as
// wanted. The version is not among them: it changes by an upgrade.
func (c Configuration) Differences(want Cluster) []Difference {
	w := want.configuration()
	const immutable = true
	all := []Difference{
		{"clusterName", c.ClusterName, w.ClusterName, immutable},
		{"controlPlaneEndpoint", c.Endpoint, w.Endpoint, immutable},
		{"networking.podSubnet", c.PodCIDR, w.PodCIDR, immutable},
		{"networking.serviceSubnet", c.ServiceCIDR, w.ServiceCIDR, immutable},
		{"networking.dnsDomain", c.DNSDomain, w.DNSDomain, immutable},
		{"etcd", c.etcdMode(), w.etcdMode(), immutable},
		{"etcd.local.dataDir", c.EtcdDataDir, w.EtcdDataDir, immutable},
		{"dns.disabled", disabled(c.DNS), disabled(w.DNS), immutable},
		{"proxy.disabled", disabled(c.Proxy), disabled(w.Proxy), immutable},
		{"imageRepository", c.ImageRepository, w.ImageRepository, false},
		{certSANs, strings.Join(c.CertificateSANs, " "), strings.Join(w.CertificateSANs, " "), false},
		{"apiServer.extraArgs", flags(c.APIServer), flags(w.APIServer), false},
		{"controllerManager.extraArgs", flags(c.ControllerManager), flags(w.ControllerManager), false},
		{"scheduler.extraArgs", flags(c.Scheduler), flags(w.Scheduler), false},
		{EtcdArguments, flags(c.Etcd), flags(w.Etcd), false},
		{"etcd.external", c.ExternalEtcd.String(), w.ExternalEtcd.String(), false},
	}
	return slices.DeleteFunc(all, func(d Difference) bool { return d.Have == d.Want })
}

// certSANs is the one difference that only a new certificate settles.
const certSANs = "apiServer.certSANs"

func (c Configuration) etcdMode() string {
	if c.ExternalEtcd != nil {
		return "external"
	}
	return "local"
}

func disabled(installed bool) string { return fmt.Sprint(!installed) }

func flags(args []Argument) string {
	words := make([]string, len(args))
	for i, arg := range args {
		words[i] = "--" + arg.Name + "=" + arg.Value
	}
	return strings.Join(words, " ")
}

// String names the endpoints and the files.
func (e *ExternalEtcd) String() string {
	if e == nil {
		return ""
	}
	return fmt.Sprintf("%s (%s, %s, %s)", strings.Join(e.Endpoints, " "), e.CAFile, e.CertFile, e.KeyFile)
}

// Merge changes a stored ClusterConfiguration to what is wanted and leaves
// every field that this provider does not know as it is, and those that cannot
// change once a cluster is made.
func Merge(stored []byte, want Cluster) ([]byte, error) {
	fields, err := currentFormat(stored)
	if err != nil {
		return nil, err
	}
	var wanted map[string]any
	if err := convert(newClusterConfiguration(want), &wanted); err != nil {
		return nil, err
	}
	for _, path := range changeable(want) {
		copyField(fields, wanted, path)
	}
	return yaml.Marshal(fields)
}

func changeable(c Cluster) [][]string {
	paths := [][]string{
		{"kubernetesVersion"},
		{"imageRepository"},
		{"apiServer", "certSANs"},
		{"apiServer", "extraArgs"},
		{"controllerManager", "extraArgs"},
		{"scheduler", "extraArgs"},
	}
	if c.Etcd.External != nil {
		return append(paths, []string{"etcd", "external"})
	}
	return append(paths, []string{"etcd", "local", "extraArgs"})
}

// copyField makes one field of an object that of another, or takes it away.
func copyField(to, from map[string]any, path []string) {
	for _, name := range path[:len(path)-1] {
		from, _ = from[name].(map[string]any)
		next, ok := to[name].(map[string]any)
		if !ok {
			if from == nil {
				return
			}
			next = map[string]any{}
			to[name] = next
		}
		to = next
	}
	last := path[len(path)-1]
	if value, ok := from[last]; ok {
		to[last] = value
		return
	}
	delete(to, last)
}

// currentFormat reads a ClusterConfiguration and brings one of format v1beta3,
// where arguments are maps, to v1beta4.
func currentFormat(document []byte) (map[string]any, error) {
	var fields map[string]any
	if err := yaml.Unmarshal(document, &fields); err != nil {
		return nil, fmt.Errorf("ClusterConfiguration: %w", err)
	}
	if fields["kind"] != "ClusterConfiguration" {
		return nil, fmt.Errorf("this is %v, not a ClusterConfiguration", fields["kind"])
	}
	switch version := fields["apiVersion"]; version {
	case apiVersion:
		return fields, nil
	case "kubeadm.k8s.io/v1beta3":
	default:
		return nil, fmt.Errorf("ClusterConfiguration has the format %v; v1beta3 and v1beta4 can be read", version)
	}
	fields["apiVersion"] = apiVersion
	etcd, _ := fields["etcd"].(map[string]any)
	for _, component := range []any{fields["apiServer"], fields["controllerManager"], fields["scheduler"], etcd["local"]} {
		if object, ok := component.(map[string]any); ok {
			listArguments(object)
			delete(object, "timeoutForControlPlane") // it moved to InitConfiguration
		}
	}
	return fields, nil
}

func listArguments(component map[string]any) {
	args, ok := component["extraArgs"].(map[string]any)
	if !ok {
		return
	}
	var list []any
	for _, name := range slices.Sorted(maps.Keys(args)) {
		list = append(list, map[string]any{"name": name, "value": args[name]})
	}
	component["extraArgs"] = list
}

// convert goes through JSON, from structs to maps and back.
func convert(from, to any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, to)
}
