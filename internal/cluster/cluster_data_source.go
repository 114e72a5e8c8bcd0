package cluster

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// NewClusterDataSource describes a cluster made with kubeadm, by this provider
// or by anybody else.
func NewClusterDataSource() datasource.DataSource { return newClusterDataSource(open)() }

func newClusterDataSource(open opener) func() datasource.DataSource {
	return crud.NewData(crud.DataSpec[clusterData, *clients.Set]{
		Name: "kubernetes_cluster", Client: itself, Schema: clusterDataSchema,
		Read: func(ctx context.Context, set *clients.Set, m *clusterData) error {
			return readClusterData(ctx, open, set, m)
		},
	})
}

func itself(set *clients.Set) (*clients.Set, error) { return set, nil }

type clusterData struct {
	entry

	Name                 types.String          `tfsdk:"name"`
	Version              types.String          `tfsdk:"version"`
	ControlPlaneEndpoint types.String          `tfsdk:"control_plane_endpoint"`
	PodCIDR              semtype.Prefix        `tfsdk:"pod_cidr"`
	ServiceCIDR          semtype.Prefix        `tfsdk:"service_cidr"`
	DNSDomain            types.String          `tfsdk:"dns_domain"`
	CAHash               types.String          `tfsdk:"ca_hash"`
	CertificatesExpireAt timetypes.RFC3339     `tfsdk:"certificates_expire_at"`
	CNI                  types.String          `tfsdk:"cni"`
	VirtualIPHolder      types.String          `tfsdk:"virtual_ip_holder"`
	Nodes                map[string]nodeStatus `tfsdk:"nodes"`
	EtcdMembers          map[string]member     `tfsdk:"etcd_members"`
}

type member struct {
	PeerURL types.String `tfsdk:"peer_url"`
	Healthy types.Bool   `tfsdk:"healthy"`
	Leader  types.Bool   `tfsdk:"leader"`
	Learner types.Bool   `tfsdk:"learner"`
}

func clusterDataSchema(context.Context) dschema.Schema {
	text := func(description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	network := func(description string) schema.Attribute {
		return schema.StringAttribute{CustomType: semtype.PrefixType{}, Computed: true, MarkdownDescription: description}
	}
	flag := func(description string) schema.Attribute {
		return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
	}
	return dschema.Schema{
		MarkdownDescription: "A cluster made with kubeadm, by this provider or by anybody else, as it is now: looked at by SSH through one of its control planes.",
		Attributes: entryAttributes[dschema.Attribute](map[string]schema.Attribute{
			"name":                   text("Name of the cluster (kubeadm calls it `clusterName`)."),
			"version":                text("Version of Kubernetes (kubeadm calls it `kubernetesVersion`), without `v`."),
			"control_plane_endpoint": text("Where the API server is reached, `host:port`."),
			"pod_cidr":               network("Network of the pods (kubeadm calls it `podSubnet`)."),
			"service_cidr":           network("Network of the services (kubeadm calls it `serviceSubnet`)."),
			"dns_domain":             text("Domain of the services."),
			"ca_hash":                text("SHA-256 of the public key of the cluster's authority: `sha256:…` (kubeadm calls it `caCertHashes`)."),
			"certificates_expire_at": schema.StringAttribute{
				CustomType: timetypes.RFC3339Type{}, Computed: true,
				MarkdownDescription: "When the first of the control planes' certificates ends.",
			},
			"cni":               text("Network plugin of the control planes, by the type in its CNI configuration: `calico`; null when there is none yet."),
			"virtual_ip_holder": text("Control plane that has kube-vip's address now; null without kube-vip."),
			"nodes": schema.MapNestedAttribute{
				Computed: true, MarkdownDescription: "All nodes of the cluster, by name.",
				NestedObject: schema.NestedAttributeObject{Attributes: statusAttributes()},
			},
			"etcd_members": schema.MapNestedAttribute{
				Computed: true, MarkdownDescription: "Members of etcd, by name; empty with an external one.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"peer_url": text("Where the other members reach it (etcd calls it `peerURLs`)."),
					"healthy":  flag("Whether it answers."),
					"leader":   flag("Whether it leads."),
					"learner":  flag("Whether it is still catching up, and has no vote."),
				}},
			},
		}),
	}
}

// readClusterData looks twice: through the door, and at every control plane that
// it finds there.
func readClusterData(ctx context.Context, open opener, set *clients.Set, m *clusterData) error {
	return m.visit(ctx, set, open, func(ctx context.Context, o operator, c remote.Config) error {
		seen, err := enter(ctx, o, c)
		if err != nil {
			return err
		}
		if all, err := o.Observe(ctx, whole(seen, c, isControlPlane)); err == nil && all.Configuration != nil {
			seen = all
		}
		m.fill(seen)
		return nil
	})
}

func (m *clusterData) fill(o kubeadm.Observed) {
	c := o.Configuration
	m.Name, m.Version = types.StringValue(c.ClusterName), types.StringValue(c.Version)
	m.ControlPlaneEndpoint, m.DNSDomain = types.StringValue(c.Endpoint), types.StringValue(c.DNSDomain)
	m.PodCIDR, m.ServiceCIDR = semtype.NewPrefix(c.PodCIDR), semtype.NewPrefix(c.ServiceCIDR)
	m.CAHash = textOrNull(o.CAHash)
	m.CertificatesExpireAt = timeOrNull(firstExpiry(o))
	m.VirtualIPHolder = textOrNull(o.VIPHolder)
	for _, name := range sortedNames(o.Machines) {
		m.CNI = textOrNull(cmp.Or(m.CNI.ValueString(), o.Machines[name].CNI))
	}
	m.EtcdMembers = map[string]member{}
	for _, e := range o.Members {
		m.EtcdMembers[e.Name] = member{
			types.StringValue(e.PeerURL), types.BoolValue(e.Healthy), types.BoolValue(e.Leader), types.BoolValue(e.Learner),
		}
	}
	m.Nodes = map[string]nodeStatus{}
	for name, n := range o.Nodes {
		m.Nodes[name] = statusOf(o, name, roleOf(n), n.InternalIP)
	}
}
