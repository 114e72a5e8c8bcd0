package cluster

import (
	"maps"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

type cluster struct {
	Name                 types.String    `tfsdk:"name"`
	Version              types.String    `tfsdk:"version"`
	ControlPlaneEndpoint types.String    `tfsdk:"control_plane_endpoint"`
	VirtualIP            *virtualIP      `tfsdk:"virtual_ip"`
	Nodes                map[string]node `tfsdk:"nodes"`

	PodCIDR         semtype.Prefix `tfsdk:"pod_cidr"`
	ServiceCIDR     semtype.Prefix `tfsdk:"service_cidr"`
	DNSDomain       types.String   `tfsdk:"dns_domain"`
	CertificateSANs []string       `tfsdk:"certificate_sans"`

	APIServer              *component           `tfsdk:"api_server"`
	ControllerManager      *component           `tfsdk:"controller_manager"`
	Scheduler              *component           `tfsdk:"scheduler"`
	KubeletConfiguration   jsontypes.Normalized `tfsdk:"kubelet_configuration"`
	KubeProxyConfiguration jsontypes.Normalized `tfsdk:"kube_proxy_configuration"`
	CoreDNS                types.Bool           `tfsdk:"coredns"`
	KubeProxy              types.Bool           `tfsdk:"kube_proxy"`
	Etcd                   *etcd                `tfsdk:"etcd"`

	ImageRepository       types.String `tfsdk:"image_repository"`
	ManagePackages        types.Bool   `tfsdk:"manage_packages"`
	Packages              *packages    `tfsdk:"packages"`
	IgnorePreflightErrors []string     `tfsdk:"ignore_preflight_errors"`
	SSH                   *ssh         `tfsdk:"ssh"`

	Upgrade            *upgrade         `tfsdk:"upgrade"`
	DrainTimeout       semtype.Duration `tfsdk:"drain_timeout"`
	ReadyTimeout       semtype.Duration `tfsdk:"ready_timeout"`
	DeletionProtection types.Bool       `tfsdk:"deletion_protection"`
	StoreKubeconfig    types.Bool       `tfsdk:"store_kubeconfig"`
	ProgressFile       types.String     `tfsdk:"progress_file"`
	Timeouts           timeouts.Value   `tfsdk:"timeouts"`

	NodeActions          types.Map         `tfsdk:"node_actions"`
	NodeStatus           types.Map         `tfsdk:"node_status"`
	CACertificate        types.String      `tfsdk:"ca_certificate"`
	CAHash               types.String      `tfsdk:"ca_hash"`
	CertificatesExpireAt timetypes.RFC3339 `tfsdk:"certificates_expire_at"`
	Kubeconfig           types.String      `tfsdk:"kubeconfig"`
}

type virtualIP struct {
	Address       semtype.Address `tfsdk:"address"`
	Interface     types.String    `tfsdk:"interface"`
	Mode          types.String    `tfsdk:"mode"`
	Image         types.String    `tfsdk:"image"`
	BGP           *bgp            `tfsdk:"bgp"`
	LeaseDuration types.Int64     `tfsdk:"lease_duration"`
	RenewDeadline types.Int64     `tfsdk:"renew_deadline"`
	RetryPeriod   types.Int64     `tfsdk:"retry_period"`
}

type bgp struct {
	ASNumber types.Int64 `tfsdk:"as_number"`
	Peers    []bgpPeer   `tfsdk:"peers"`
}

type bgpPeer struct {
	Address  semtype.Address `tfsdk:"address"`
	ASNumber types.Int64     `tfsdk:"as_number"`
}

type node struct {
	Role             types.String      `tfsdk:"role"`
	Address          semtype.Address   `tfsdk:"address"`
	Labels           map[string]string `tfsdk:"labels"`
	Taints           []taint           `tfsdk:"taints"`
	KubeletExtraArgs []argument        `tfsdk:"kubelet_extra_args"`
	SSH              *nodeSSH          `tfsdk:"ssh"`
}

type taint struct {
	Key    types.String `tfsdk:"key"`
	Value  types.String `tfsdk:"value"`
	Effect types.String `tfsdk:"effect"`
}

type argument struct {
	Name  types.String `tfsdk:"name"`
	Value types.String `tfsdk:"value"`
}

type component struct {
	ExtraArgs []argument `tfsdk:"extra_args"`
}

type etcd struct {
	DataDir     types.String  `tfsdk:"data_dir"`
	ExtraArgs   []argument    `tfsdk:"extra_args"`
	SnapshotDir types.String  `tfsdk:"snapshot_dir"`
	External    *externalEtcd `tfsdk:"external"`
}

type externalEtcd struct {
	Endpoints []string     `tfsdk:"endpoints"`
	CAFile    types.String `tfsdk:"ca_file"`
	CertFile  types.String `tfsdk:"cert_file"`
	KeyFile   types.String `tfsdk:"key_file"`
}

type packages struct {
	Archive       types.String `tfsdk:"archive"`
	ArchiveSHA256 types.String `tfsdk:"archive_sha256"`
	Repository    types.String `tfsdk:"repository"`
	RepositoryKey types.String `tfsdk:"repository_key"`
}

type upgrade struct {
	WorkerBatchSize types.Int64 `tfsdk:"worker_batch_size"`
}

// desired is the cluster as configured, in the words of package kubeadm.
func (m *cluster) desired() kubeadm.Cluster {
	c := kubeadm.Cluster{
		Name:                  m.Name.ValueString(),
		Version:               m.Version.ValueString(),
		Endpoint:              m.ControlPlaneEndpoint.ValueString(),
		VirtualIP:             m.VirtualIP.desired(),
		PodCIDR:               m.PodCIDR.ValueString(),
		ServiceCIDR:           m.ServiceCIDR.ValueString(),
		DNSDomain:             m.DNSDomain.ValueString(),
		CertificateSANs:       slices.Sorted(slices.Values(m.CertificateSANs)),
		APIServer:             m.APIServer.desired(),
		ControllerManager:     m.ControllerManager.desired(),
		Scheduler:             m.Scheduler.desired(),
		Etcd:                  m.Etcd.desired(),
		Kubelet:               document(m.KubeletConfiguration),
		KubeProxy:             document(m.KubeProxyConfiguration),
		ImageRepository:       m.ImageRepository.ValueString(),
		DNS:                   m.CoreDNS.ValueBool(),
		Proxy:                 m.KubeProxy.ValueBool(),
		IgnorePreflightErrors: slices.Sorted(slices.Values(m.IgnorePreflightErrors)),
		Nodes:                 map[string]kubeadm.Node{},
	}
	for name, n := range m.Nodes {
		c.Nodes[name] = n.desired()
	}
	if m.Upgrade != nil {
		c.WorkerBatch = int(m.Upgrade.WorkerBatchSize.ValueInt64())
	}
	return c
}

func (v *virtualIP) desired() *kubeadm.VirtualIP {
	if v == nil {
		return nil
	}
	d := &kubeadm.VirtualIP{
		Address: v.Address.ValueString(), Interface: v.Interface.ValueString(), Mode: v.Mode.ValueString(), Image: v.Image.ValueString(),
		LeaseDuration: int(v.LeaseDuration.ValueInt64()), RenewDeadline: int(v.RenewDeadline.ValueInt64()), RetryPeriod: int(v.RetryPeriod.ValueInt64()),
	}
	if v.BGP != nil {
		d.BGP = &kubeadm.VirtualIPBGP{ASNumber: v.BGP.ASNumber.ValueInt64()}
		for _, p := range v.BGP.Peers {
			d.BGP.Peers = append(d.BGP.Peers, kubeadm.BGPPeer{Address: p.Address.ValueString(), ASNumber: p.ASNumber.ValueInt64()})
		}
	}
	return d
}

func (n node) desired() kubeadm.Node {
	d := kubeadm.Node{
		Role: kubeadm.Role(n.Role.ValueString()), Address: n.Address.ValueString(),
		Labels: n.Labels, KubeletArgs: arguments(n.KubeletExtraArgs),
	}
	if n.Taints != nil {
		d.Taints = []kubeadm.Taint{} // none, not the role's default
	}
	for _, t := range n.Taints {
		d.Taints = append(d.Taints, kubeadm.Taint{Key: t.Key.ValueString(), Value: t.Value.ValueString(), Effect: t.Effect.ValueString()})
	}
	return d
}

func (c *component) desired() kubeadm.Component {
	if c == nil {
		return kubeadm.Component{}
	}
	return kubeadm.Component{ExtraArgs: arguments(c.ExtraArgs)}
}

func (e *etcd) desired() kubeadm.Etcd {
	if e == nil {
		return kubeadm.Etcd{}
	}
	d := kubeadm.Etcd{DataDir: e.DataDir.ValueString(), ExtraArgs: arguments(e.ExtraArgs)}
	if x := e.External; x != nil {
		d.External = &kubeadm.ExternalEtcd{
			Endpoints: x.Endpoints, CAFile: x.CAFile.ValueString(), CertFile: x.CertFile.ValueString(), KeyFile: x.KeyFile.ValueString(),
		}
	}
	return d
}

func arguments(list []argument) []kubeadm.Argument {
	var out []kubeadm.Argument
	for _, a := range list {
		out = append(out, kubeadm.Argument{Name: a.Name.ValueString(), Value: a.Value.ValueString()})
	}
	return out
}

func document(v jsontypes.Normalized) []byte {
	if v.IsNull() {
		return nil
	}
	return []byte(v.ValueString())
}

// packages says where the runtime and kubeadm come from.
func (m *cluster) packages() operate.Packages {
	p := operate.Packages{Manage: m.ManagePackages.ValueBool()}
	if s := m.Packages; s != nil {
		p.Archive, p.ArchiveSHA256 = clients.ExpandHome(s.Archive.ValueString()), s.ArchiveSHA256.ValueString()
		p.Repository, p.RepositoryKey = s.Repository.ValueString(), s.RepositoryKey.ValueString()
	}
	return p
}

// snapshotDir is where control planes keep etcd's snapshots; "" for the default.
func (m *cluster) snapshotDir() string {
	if m.Etcd == nil {
		return ""
	}
	return m.Etcd.SnapshotDir.ValueString()
}

// length returns a duration that has been validated; 0 when it is not set.
func length(d semtype.Duration) time.Duration {
	v, err := time.ParseDuration(d.ValueString())
	if err != nil {
		return 0
	}
	return v
}

// textOrNull maps "" for absent to null.
func textOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}

// sortedNames are the keys of a map, in order.
func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
