package kubeadm

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/version"
)

// Problem is something wrong with a cluster as configured.
type Problem struct {
	// Path leads to the setting: "nodes", "cp-01", "address".
	Path []string
	Text string
}

// Validate returns what is wrong with a cluster, as far as the configuration
// alone can tell.
func (c Cluster) Validate() []Problem {
	var v validator
	v.version(c.Version)
	v.endpoint(c)
	v.networks(c)
	v.components(c)
	v.etcd(c.Etcd)
	v.nodes(c)
	return v
}

// BindPort is the port of the API server on every control plane: that of the
// endpoint when kube-vip serves it, and 6443 behind a load balancer.
func (c Cluster) BindPort() string {
	if _, port, err := net.SplitHostPort(c.Endpoint); err == nil && c.VirtualIP != nil {
		return port
	}
	return "6443"
}

// validator collects problems.
type validator []Problem

func (v *validator) add(path []string, format string, args ...any) {
	*v = append(*v, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

func at(path ...string) []string { return path }

func (v *validator) version(text string) {
	parsed, err := version.ParseSemantic(text)
	switch {
	case err != nil || strings.HasPrefix(text, "v"):
		v.add(at("version"), `%q is no version like "1.34.4"`, text)
	case parsed.LessThan(oldest):
		v.add(at("version"), "Kubernetes %s is older than %s, the first with kubeadm's configuration v1beta4", text, oldest)
	}
}

func (v *validator) endpoint(c Cluster) {
	host, port, err := net.SplitHostPort(c.Endpoint)
	if err != nil {
		v.add(at("endpoint"), `%q is no host and port like "k8s.example.internal:6443"`, c.Endpoint)
		return
	}
	if n, err := strconv.Atoi(port); err != nil || len(validation.IsValidPortNum(n)) > 0 {
		v.add(at("endpoint"), "%q is no port", port)
	}
	address, err := netip.ParseAddr(host)
	if err != nil && len(validation.IsDNS1123Subdomain(host)) > 0 {
		v.add(at("endpoint"), "%q is neither an address nor a DNS name", host)
	}
	if c.VirtualIP != nil {
		v.virtualIP(c, address)
	}
}

// virtualIP checks kube-vip's part. The endpoint's address is the zero one when
// the endpoint is a name, which then has to resolve to the virtual address.
func (v *validator) virtualIP(c Cluster, endpoint netip.Addr) {
	vip := c.VirtualIP
	address, err := netip.ParseAddr(vip.Address)
	switch {
	case err != nil:
		v.add(at("virtual_ip", "address"), "%q is no address", vip.Address)
	case address.String() != vip.Address:
		v.canonical(at("virtual_ip", "address"), vip.Address, address)
	case endpoint.IsValid() && endpoint != address:
		v.add(at("virtual_ip", "address"), "the endpoint is %s: kube-vip has to serve that address, not %s", c.Endpoint, address)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Nodes)) {
		if node, err := netip.ParseAddr(c.Nodes[name].Address); err == nil && node == address {
			v.add(at("virtual_ip", "address"), "%s is the address of node %s: kube-vip moves the address, so no machine may have it", address, name)
		}
	}
	if vip.Image == "" {
		v.add(at("virtual_ip", "image"), "the image of kube-vip is missing")
	}
	lease := []int{vip.RetryPeriod, vip.RenewDeadline, vip.LeaseDuration}
	if lease[2] != 0 && (lease[0] < 1 || lease[1] <= lease[0] || lease[2] <= lease[1]) {
		v.add(at("virtual_ip", "lease_duration"), "the lease (%d s) has to be longer than the renew deadline (%d s), and that longer than the retry period (%d s)",
			lease[2], lease[1], lease[0])
	}
	v.virtualIPMode(vip)
}

func (v *validator) virtualIPMode(vip *VirtualIP) {
	switch {
	case vip.Mode == "arp" && vip.BGP != nil:
		v.add(at("virtual_ip", "bgp"), `is for mode "bgp" alone`)
	case vip.Mode == "arp":
	case vip.Mode != "bgp":
		v.add(at("virtual_ip", "mode"), `%q is neither "arp" nor "bgp"`, vip.Mode)
	case vip.BGP == nil || len(vip.BGP.Peers) == 0:
		v.add(at("virtual_ip", "bgp"), `mode "bgp" needs at least one peer`)
	default:
		v.asNumber(at("virtual_ip", "bgp", "as_number"), vip.BGP.ASNumber)
		for i, peer := range vip.BGP.Peers {
			path := at("virtual_ip", "bgp", "peers", strconv.Itoa(i))
			if _, err := netip.ParseAddr(peer.Address); err != nil {
				v.add(append(path, "address"), "%q is no address", peer.Address)
			}
			v.asNumber(append(path, "as_number"), peer.ASNumber)
		}
	}
}

func (v *validator) asNumber(path []string, n int64) {
	if n < 1 || n > 1<<32-1 {
		v.add(path, "%d is no AS number", n)
	}
}

// network is a prefix and where it was configured.
type network struct {
	setting string
	prefix  netip.Prefix
}

func (v *validator) networks(c Cluster) {
	if len(validation.IsDNS1123Subdomain(c.DNSDomain)) > 0 {
		v.add(at("dns_domain"), "%q is no DNS domain", c.DNSDomain)
	}
	all := append(v.prefixes("pod_cidr", c.PodCIDR), v.prefixes("service_cidr", c.ServiceCIDR)...)
	if c.ServiceCIDR == "" {
		v.add(at("service_cidr"), "is missing")
	}
	for i, one := range all {
		for _, other := range all[:i] {
			if one.prefix.Overlaps(other.prefix) {
				v.add(at(one.setting), "%s overlaps %s of %s", one.prefix, other.prefix, other.setting)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Nodes)) {
		v.outside(at("nodes", name, "address"), c.Nodes[name].Address, all)
	}
	if c.VirtualIP != nil {
		v.outside(at("virtual_ip", "address"), c.VirtualIP.Address, all)
	}
}

// prefixes reads one network, or one of each family separated by a comma.
func (v *validator) prefixes(setting, text string) []network {
	var found []network
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		prefix, err := netip.ParsePrefix(part)
		switch {
		case err != nil:
			v.add(at(setting), "%q is no network like 10.244.0.0/16", part)
		case prefix != prefix.Masked():
			v.add(at(setting), "%s has host bits: the network is %s", prefix, prefix.Masked())
		default:
			found = append(found, network{setting, prefix})
		}
	}
	return found
}

func (v *validator) outside(path []string, address string, networks []network) {
	parsed, err := netip.ParseAddr(address)
	if err != nil {
		return
	}
	for _, n := range networks {
		if n.prefix.Contains(parsed) {
			v.add(path, "%s lies in %s (%s), whose addresses belong to the cluster's inside", parsed, n.prefix, n.setting)
		}
	}
}

// reserved are the arguments that follow from other settings of the cluster,
// by the setting where someone would try to give them.
var reserved = map[string][]string{
	"api_server": {
		"advertise-address", "client-ca-file", "etcd-cafile", "etcd-certfile", "etcd-keyfile", "etcd-servers", "secure-port",
		"service-cluster-ip-range", "tls-cert-file", "tls-private-key-file",
	},
	"controller_manager": {"cluster-cidr", "cluster-name", "kubeconfig", "service-cluster-ip-range"},
	"scheduler":          {"kubeconfig"},
	"etcd": {
		"advertise-client-urls", "cert-file", "data-dir", "initial-advertise-peer-urls", "initial-cluster", "initial-cluster-state",
		"key-file", "listen-client-urls", "listen-peer-urls", "name", "peer-cert-file", "peer-key-file", "peer-trusted-ca-file", "trusted-ca-file",
	},
	"kubelet": {
		"bootstrap-kubeconfig", "config", "container-runtime-endpoint", "hostname-override", "kubeconfig", "node-ip", "node-labels", "register-with-taints",
	},
}

func (v *validator) components(c Cluster) {
	v.arguments(at("api_server", "extra_args"), "api_server", c.APIServer.ExtraArgs)
	v.arguments(at("controller_manager", "extra_args"), "controller_manager", c.ControllerManager.ExtraArgs)
	v.arguments(at("scheduler", "extra_args"), "scheduler", c.Scheduler.ExtraArgs)
	v.arguments(at("etcd", "extra_args"), "etcd", c.Etcd.ExtraArgs)
	v.object(at("kubelet"), c.Kubelet)
	v.object(at("kube_proxy"), c.KubeProxy)
	for _, san := range c.CertificateSANs {
		address, err := netip.ParseAddr(san)
		v.canonical(at("certificate_sans"), san, address)
		if err != nil && len(validation.IsDNS1123Subdomain(strings.TrimPrefix(san, "*."))) > 0 {
			v.add(at("certificate_sans"), "%q is neither an address nor a DNS name", san)
		}
	}
	if slices.Contains(c.IgnorePreflightErrors, "all") {
		v.add(at("ignore_preflight_errors"), `"all" would hide what breaks the cluster: name the checks`)
	}
}

func (v *validator) arguments(path []string, component string, args []Argument) {
	for _, arg := range args {
		switch {
		case arg.Name == "" || strings.HasPrefix(arg.Name, "-") || strings.ContainsAny(arg.Name, " =\t\n"):
			v.add(path, "%q is no name of an argument: write it without dashes", arg.Name)
		case slices.Contains(reserved[component], arg.Name):
			v.add(path, "%s follows from the cluster's other settings and cannot be given here", arg.Name)
		case component == "kubelet" && strings.ContainsAny(arg.Value, " \t\n\"'\\$"):
			v.add(path, "%s: %q has a character that kubeadm's file of kubelet arguments cannot hold", arg.Name, arg.Value)
		}
	}
}

func (v *validator) object(path []string, fields json.RawMessage) {
	if len(fields) == 0 {
		return
	}
	var object map[string]any
	if json.Unmarshal(fields, &object) != nil || object == nil {
		v.add(path, "is no object of fields")
		return
	}
	for _, name := range []string{"apiVersion", "kind"} {
		if _, ok := object[name]; ok {
			v.add(path, "%s is set by the provider: give the fields alone", name)
		}
	}
}

func (v *validator) etcd(e Etcd) {
	if e.DataDir != "" && !strings.HasPrefix(e.DataDir, "/") {
		v.add(at("etcd", "data_dir"), "%q is no absolute path", e.DataDir)
	}
	if e.External == nil {
		return
	}
	for i, endpoint := range e.External.Endpoints {
		if u, err := url.Parse(endpoint); err != nil || u.Scheme != "https" || u.Host == "" {
			v.add(at("etcd", "external", "endpoints", strconv.Itoa(i)), "%q is no URL like \"https://192.0.2.31:2379\"", endpoint)
		}
	}
	if e.DataDir != "" || len(e.ExtraArgs) > 0 {
		v.add(at("etcd"), "an external etcd has no data folder and no arguments here")
	}
	if len(e.External.Endpoints) == 0 {
		v.add(at("etcd", "external", "endpoints"), "at least one endpoint is needed")
	}
	files := map[string]string{"ca_file": e.External.CAFile, "cert_file": e.External.CertFile, "key_file": e.External.KeyFile}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(files[name], "/") {
			v.add(at("etcd", "external", name), "needs the absolute path of a file that is on every control plane")
		}
	}
}

func (v *validator) nodes(c Cluster) {
	users := map[netip.Addr]string{}
	planes := 0
	for _, name := range slices.Sorted(maps.Keys(c.Nodes)) {
		node := c.Nodes[name]
		for _, fault := range validation.IsDNS1123Subdomain(name) {
			v.add(at("nodes", name), "%q is no name for a node: %s", name, fault)
		}
		switch node.Role {
		case ControlPlane:
			planes++
		case Worker:
		default:
			v.add(at("nodes", name, "role"), "%q is neither %q nor %q", node.Role, ControlPlane, Worker)
		}
		v.address(name, node, users)
		v.labels(name, node.Labels)
		v.taints(name, node.Taints)
		v.arguments(at("nodes", name, "kubelet_args"), "kubelet", node.KubeletArgs)
	}
	if planes == 0 {
		v.add(at("nodes"), "no node has the role %q", ControlPlane)
	}
}

func (v *validator) address(name string, node Node, users map[netip.Addr]string) {
	path := at("nodes", name, "address")
	address, err := netip.ParseAddr(node.Address)
	if err != nil {
		v.add(path, "%q is no address", node.Address)
		return
	}
	v.canonical(path, node.Address, address)
	if user, taken := users[address]; taken {
		v.add(path, "%s is the address of node %s, too", address, user)
	}
	users[address] = name
}

// canonical refuses another spelling of an address than the one that the API and
// certificates have.
func (v *validator) canonical(path []string, text string, address netip.Addr) {
	if address.IsValid() && address.String() != text {
		v.add(path, "%q is written %q in the cluster: write it so here, too", text, address)
	}
}

func (v *validator) labels(name string, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		path := at("nodes", name, "labels", key)
		for _, fault := range append(validation.IsQualifiedName(key), validation.IsValidLabelValue(labels[key])...) {
			v.add(path, "%s=%s: %s", key, labels[key], fault)
		}
		if key == controlPlaneKey {
			v.add(path, "is set by kubeadm")
		}
	}
}

func (v *validator) taints(name string, taints []Taint) {
	effects := []string{"NoSchedule", "PreferNoSchedule", "NoExecute"}
	seen := map[Taint]bool{}
	for i, taint := range taints {
		path := at("nodes", name, "taints", strconv.Itoa(i))
		for _, fault := range append(validation.IsQualifiedName(taint.Key), validation.IsValidLabelValue(taint.Value)...) {
			v.add(path, "%s: %s", taint, fault)
		}
		if !slices.Contains(effects, taint.Effect) {
			v.add(append(path, "effect"), "%q is none of %s", taint.Effect, strings.Join(effects, ", "))
		}
		if seen[taint.identity()] {
			v.add(path, "%s is there twice", taint)
		}
		seen[taint.identity()] = true
	}
}
