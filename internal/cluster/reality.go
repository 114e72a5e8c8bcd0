package cluster

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// follow makes the configured attributes say what was observed, so that drift
// shows where it is. What was not observed stays as it is known.
func (m *cluster) follow(o kubeadm.Observed) {
	if o.Configuration == nil {
		return
	}
	m.followConfiguration(*o.Configuration)
	if v := lowestVersion(o, m.Nodes); v != "" {
		m.Version = types.StringValue(v)
	}
	for name, n := range m.Nodes {
		object, joined := o.Nodes[name]
		switch {
		case joined:
			n.follow(object)
			m.Nodes[name] = n
		case !isMember(o, name, n): // a member that is left in etcd is still to be removed
			delete(m.Nodes, name)
		}
	}
}

func (m *cluster) followConfiguration(c kubeadm.Configuration) {
	m.Name = types.StringValue(c.ClusterName)
	m.ControlPlaneEndpoint = types.StringValue(c.Endpoint)
	m.PodCIDR = prefixOr(m.PodCIDR, c.PodCIDR)
	m.ServiceCIDR = prefixOr(m.ServiceCIDR, c.ServiceCIDR)
	m.DNSDomain = types.StringValue(c.DNSDomain)
	m.CertificateSANs = c.CertificateSANs
	m.APIServer = m.APIServer.follow(c.APIServer)
	m.ControllerManager = m.ControllerManager.follow(c.ControllerManager)
	m.Scheduler = m.Scheduler.follow(c.Scheduler)
	m.Etcd = m.Etcd.follow(c)
	m.CoreDNS, m.KubeProxy = types.BoolValue(c.DNS), types.BoolValue(c.Proxy)
	m.ImageRepository = types.StringValue(cmp.Or(c.ImageRepository, defaultRepository))
}

// prefixOr keeps the spelling of a network that is the same.
func prefixOr(known semtype.Prefix, observed string) semtype.Prefix {
	if known.ValueString() == observed {
		return known
	}
	return semtype.NewPrefix(observed)
}

func (c *component) follow(observed []kubeadm.Argument) *component {
	if c == nil && len(observed) == 0 {
		return nil
	}
	if c != nil && sameArguments(c.ExtraArgs, observed) {
		return c
	}
	return &component{ExtraArgs: argumentModels(observed)}
}

// sameArguments compares as the stored configuration does: sorted.
func sameArguments(known []argument, observed []kubeadm.Argument) bool {
	byName := func(a, b kubeadm.Argument) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	}
	return slices.Equal(slices.SortedFunc(slices.Values(arguments(known)), byName), slices.SortedFunc(slices.Values(observed), byName))
}

func argumentModels(list []kubeadm.Argument) []argument {
	var out []argument
	for _, a := range list {
		out = append(out, argument{types.StringValue(a.Name), types.StringValue(a.Value)})
	}
	return out
}

func (e *etcd) follow(c kubeadm.Configuration) *etcd {
	const usual = "/var/lib/etcd"
	if e == nil {
		if len(c.Etcd) == 0 && c.ExternalEtcd == nil && (c.EtcdDataDir == "" || c.EtcdDataDir == usual) {
			return nil
		}
		e = &etcd{}
	}
	f := *e
	if cmp.Or(f.DataDir.ValueString(), usual) != cmp.Or(c.EtcdDataDir, usual) {
		f.DataDir = types.StringValue(c.EtcdDataDir)
	}
	if !sameArguments(f.ExtraArgs, c.Etcd) {
		f.ExtraArgs = argumentModels(c.Etcd)
	}
	f.External = nil
	if x := c.ExternalEtcd; x != nil {
		f.External = &externalEtcd{x.Endpoints, types.StringValue(x.CAFile), types.StringValue(x.CertFile), types.StringValue(x.KeyFile)}
	}
	return &f
}

// follow takes the role, the address, and those labels and taints that are
// managed.
func (n *node) follow(o kubeadm.NodeObject) {
	n.Role = types.StringValue(string(roleOf(o)))
	if n.Address.ValueString() != o.InternalIP && o.InternalIP != "" {
		n.Address = semtype.NewAddress(o.InternalIP)
	}
	if n.Labels != nil {
		labels := map[string]string{}
		for key := range n.Labels {
			if value, ok := o.Labels[key]; ok {
				labels[key] = value
			}
		}
		n.Labels = labels
	}
	n.Taints = slices.DeleteFunc(n.Taints, func(t taint) bool { return !slices.Contains(o.Taints, t.desired()) })
}

func (t taint) desired() kubeadm.Taint {
	return kubeadm.Taint{Key: t.Key.ValueString(), Value: t.Value.ValueString(), Effect: t.Effect.ValueString()}
}

func roleOf(o kubeadm.NodeObject) kubeadm.Role {
	if o.ControlPlane {
		return kubeadm.ControlPlane
	}
	return kubeadm.Worker
}

// isMember reports whether etcd has a member of a node. One that has not
// started has no name yet.
func isMember(o kubeadm.Observed, name string, n node) bool {
	return slices.ContainsFunc(o.Members, func(m kubeadm.Member) bool {
		return m.Name == name || m.Name == "" && strings.Contains(m.PeerURL, "//"+n.Address.ValueString()+":")
	})
}

// lowestVersion is the version of the part that is furthest behind; "" when
// nothing is known.
func lowestVersion(o kubeadm.Observed, nodes map[string]node) string {
	var lowest *version.Version
	consider := func(text string) {
		v, err := version.NewVersion(text)
		if err == nil && (lowest == nil || v.LessThan(lowest)) {
			lowest = v
		}
	}
	for name := range nodes {
		if object, joined := o.Nodes[name]; joined {
			consider(object.KubeletVersion)
			consider(o.Machines[name].StaticPods["kube-apiserver"])
		}
	}
	if lowest == nil {
		return ""
	}
	return lowest.Original()
}

// report fills what was last seen of the nodes.
func (m *cluster) report(ctx context.Context, o kubeadm.Observed, diags *diag.Diagnostics) {
	if o.CAHash != "" {
		m.CAHash = types.StringValue(o.CAHash)
	}
	m.CertificatesExpireAt = timeOrNull(firstExpiry(o))
	status := map[string]nodeStatus{}
	for name, n := range m.Nodes {
		status[name] = statusOf(o, name, kubeadm.Role(n.Role.ValueString()), n.Address.ValueString())
	}
	var d diag.Diagnostics
	m.NodeStatus, d = types.MapValueFrom(ctx, statusType(), status)
	diags.Append(d...)
}

type nodeStatus struct {
	Role                 types.String      `tfsdk:"role"`
	Address              types.String      `tfsdk:"address"`
	Version              types.String      `tfsdk:"version"`
	Ready                types.Bool        `tfsdk:"ready"`
	EtcdMember           types.String      `tfsdk:"etcd_member"`
	CertificatesExpireAt timetypes.RFC3339 `tfsdk:"certificates_expire_at"`
	Problem              types.String      `tfsdk:"problem"`
}

func statusType() attr.Type {
	return types.ObjectType{AttrTypes: map[string]attr.Type{
		"role": types.StringType, "address": types.StringType, "version": types.StringType, "ready": types.BoolType,
		"etcd_member": types.StringType, "certificates_expire_at": timetypes.RFC3339Type{}, "problem": types.StringType,
	}}
}

func statusOf(o kubeadm.Observed, name string, role kubeadm.Role, address string) nodeStatus {
	machine, object := o.Machines[name], o.Nodes[name]
	return nodeStatus{
		Role:                 types.StringValue(string(role)),
		Address:              types.StringValue(address),
		Version:              textOrNull(object.KubeletVersion),
		Ready:                types.BoolValue(object.Ready),
		EtcdMember:           memberState(o, name),
		CertificatesExpireAt: timeOrNull(machine.Expiry),
		Problem:              textOrNull(cmp.Or(machine.Failure, object.NotReadyReason)),
	}
}

func memberState(o kubeadm.Observed, name string) types.String {
	i := slices.IndexFunc(o.Members, func(m kubeadm.Member) bool { return m.Name == name })
	switch {
	case i < 0:
		return types.StringNull()
	case o.Members[i].Learner:
		return types.StringValue("learner")
	case o.Members[i].Healthy:
		return types.StringValue("healthy")
	}
	return types.StringValue("unhealthy")
}

// firstExpiry is when the first certificate of any control plane ends.
func firstExpiry(o kubeadm.Observed) time.Time {
	var first time.Time
	for _, m := range o.Machines {
		if !m.Expiry.IsZero() && (first.IsZero() || m.Expiry.Before(first)) {
			first = m.Expiry
		}
	}
	return first
}

func timeOrNull(t time.Time) timetypes.RFC3339 {
	if t.IsZero() {
		return timetypes.NewRFC3339Null()
	}
	return timetypes.NewRFC3339TimeValue(t.UTC())
}

// isGone reports whether the cluster is no more: every machine answers, and
// none belongs to the authority.
func isGone(o kubeadm.Observed, caHash string) bool {
	for _, m := range o.Machines {
		if m.Failure != "" || m.CAHash == caHash {
			return false
		}
	}
	return len(o.Machines) > 0
}

// fails names the machines that did not answer, with their reasons.
func fails(o kubeadm.Observed) []string {
	var lines []string
	for _, name := range sortedNames(o.Machines) {
		if f := o.Machines[name].Failure; f != "" {
			lines = append(lines, name+": "+f)
		}
	}
	return lines
}
