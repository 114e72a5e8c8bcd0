package cluster

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	aschema "github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// actionTimeout bounds what an action does besides waiting for a drain.
const actionTimeout = 30 * time.Minute

// clusterAction is something done to a cluster that exists, and leaves nothing
// to keep in state.
type clusterAction struct {
	name, description string
	attributes        map[string]schema.Attribute
	// everywhere is whether it works on every control plane; else the one that was
	// given will do.
	everywhere bool
	// do works on the control planes, which are those of the target.
	do func(context.Context, operator, operate.Target, actionModel) (said string, err error)

	open    opener
	clients *clients.Set
}

// actionModel has the settings of all actions; those that one does not have are
// null.
type actionModel struct {
	entry
	Node        types.String
	Timeout     semtype.Duration
	SnapshotDir types.String
}

var _ action.ActionWithConfigure = (*clusterAction)(nil)

// NewNodeDrain moves the pods of a node elsewhere.
func NewNodeDrain() action.Action {
	return &clusterAction{
		name: "kubernetes_node_drain", open: open,
		description: "Cordons a node of a cluster and moves its pods elsewhere, with respect for disruption budgets. Pods of DaemonSets stay.",
		attributes: map[string]schema.Attribute{
			"node": nodeNameAttribute("Name of the node."),
			"timeout": schema.StringAttribute{
				CustomType: semtype.DurationType{}, Optional: true,
				MarkdownDescription: "How long the pods may take to leave. Defaults to `10m`.",
			},
		},
		do: func(ctx context.Context, o operator, t operate.Target, m actionModel) (string, error) {
			t.DrainTimeout = length(m.Timeout)
			return "drained", o.Drain(ctx, t, m.Node.ValueString())
		},
	}
}

// NewNodeUncordon lets pods onto a node again.
func NewNodeUncordon() action.Action {
	return &clusterAction{
		name: "kubernetes_node_uncordon", open: open,
		description: "Lets pods onto a node of a cluster again, after it was drained or cordoned.",
		attributes:  map[string]schema.Attribute{"node": nodeNameAttribute("Name of the node.")},
		do: func(ctx context.Context, o operator, t operate.Target, m actionModel) (string, error) {
			return "uncordoned", o.Uncordon(ctx, t, m.Node.ValueString())
		},
	}
}

// NewEtcdSnapshot saves the data of a cluster on one of its control planes.
func NewEtcdSnapshot() action.Action {
	return &clusterAction{
		name: "kubernetes_etcd_snapshot", open: open,
		description: "Saves a snapshot of etcd, all that a cluster knows, on the disk of one of its control planes, and says where. It holds the cluster's secrets: copy it " +
			"to a safe place.",
		attributes: map[string]schema.Attribute{"snapshot_dir": schema.StringAttribute{
			Optional: true, Validators: []validator.String{absolutePath},
			MarkdownDescription: "Where on the control plane. Defaults to `/var/lib/onprem/etcd-snapshots`.",
		}},
		do: func(ctx context.Context, o operator, t operate.Target, _ actionModel) (string, error) {
			where, err := o.Snapshot(ctx, t)
			return "saved " + where, err
		},
	}
}

// NewCertificateRenewal renews the certificates of all control planes.
func NewCertificateRenewal() action.Action {
	return &clusterAction{
		name: "kubernetes_certificate_renewal", open: open, everywhere: true,
		description: "Renews the certificates that kubeadm made on every control plane, one control plane after another, and restarts what uses them. They are valid for a " +
			"year; upgrades renew them too. When they are over already, the API cannot name the other control planes: only the one at `address` is renewed, so invoke it " +
			"for each.",
		do: func(ctx context.Context, o operator, t operate.Target, _ actionModel) (string, error) {
			return "certificates renewed", o.RenewCertificates(ctx, t)
		},
	}
}

func nodeNameAttribute(description string) schema.Attribute {
	return schema.StringAttribute{Required: true, Validators: []validator.String{notEmpty}, MarkdownDescription: description}
}

// Metadata implements action.Action.
func (a *clusterAction) Metadata(_ context.Context, req action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + a.name
}

// Schema implements action.Action.
func (a *clusterAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	resp.Schema = aschema.Schema{
		MarkdownDescription: a.description + " Needs Terraform 1.14.",
		Attributes:          entryAttributes[aschema.Attribute](a.attributes),
	}
}

// Configure implements action.ActionWithConfigure.
func (a *clusterAction) Configure(_ context.Context, req action.ConfigureRequest, _ *action.ConfigureResponse) {
	a.clients, _ = req.ProviderData.(*clients.Set)
}

// Invoke implements action.Action.
func (a *clusterAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	var m actionModel
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("address"), &m.Address)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("ssh"), &m.SSH)...)
	for name, target := range map[string]any{"node": &m.Node, "timeout": &m.Timeout, "snapshot_dir": &m.SnapshotDir} {
		if _, ok := a.attributes[name]; ok {
			resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root(name), target)...)
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	said, err := a.invoke(ctx, m, func(text string) { resp.SendProgress(action.InvokeProgressEvent{Message: text}) })
	if err != nil {
		crud.Report(ctx, &resp.Diagnostics, "Unable to invoke onprem_"+a.name, err)
		return
	}
	resp.SendProgress(action.InvokeProgressEvent{Message: said})
}

func (a *clusterAction) invoke(ctx context.Context, m actionModel, tell func(string)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, actionTimeout+length(m.Timeout))
	defer cancel()
	c, err := m.config(a.clients)
	if err != nil {
		return "", err
	}
	p := &progress{}
	o := a.open(func(ctx context.Context, e operate.Event) {
		p.tell(ctx, e)
		tell(words(e))
	})
	defer o.Close()
	seen, err := enter(ctx, o, c)
	t := door(c)
	switch {
	case err != nil && a.everywhere && seen.Machines[c.Host].AdminConf:
		tell("the API does not answer, so only " + c.Host + " is worked on: " + err.Error())
	case err != nil:
		return "", err
	case a.everywhere:
		t = whole(seen, c, isControlPlane)
	default:
		t.Cluster.Name, t.CAHash = seen.Configuration.ClusterName, seen.CAHash
	}
	name := m.Node.ValueString()
	if _, ok := seen.Nodes[name]; name != "" && !ok {
		return "", crud.At(path.Root("node"), fmt.Errorf("the cluster has no node %q; it has %q", name, sortedNames(seen.Nodes)))
	}
	t.SnapshotDir = m.SnapshotDir.ValueString()
	return a.do(ctx, o, t, m)
}
