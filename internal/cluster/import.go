package cluster

import (
	"context"
	"net"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// ImportState implements resource.ResourceWithImportState. The id is the SSH
// address of a control plane; by identity it is the host of the endpoint, where
// the holder of a virtual IP answers. Everything else is read from the cluster.
func (r *clusterResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	host, endpoint, name := req.ID, types.StringNull(), types.StringNull()
	if req.ID == "" {
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("control_plane_endpoint"), &endpoint)...)
		resp.Diagnostics.Append(req.Identity.GetAttribute(ctx, path.Root("name"), &name)...)
		h, _, err := net.SplitHostPort(endpoint.ValueString())
		if err != nil {
			resp.Diagnostics.AddError("Unable to import onprem_kubernetes_cluster", "control_plane_endpoint: "+err.Error()+".\n\nWrite it as host:port.")
			return
		}
		host = h
	}
	settings, err := r.clients.SSH()
	if err != nil {
		fail(ctx, &resp.Diagnostics, "import", err)
		return
	}
	settings.Host = host
	o := r.open((&progress{}).tell)
	defer o.Close()
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()

	seen, err := enter(ctx, o, settings)
	if err != nil {
		fail(ctx, &resp.Diagnostics, "import", err)
		return
	}
	if c := seen.Configuration; !name.IsNull() && (c.ClusterName != name.ValueString() || c.Endpoint != endpoint.ValueString()) {
		resp.Diagnostics.AddError("Unable to import onprem_kubernetes_cluster", "The cluster at "+host+" is "+c.ClusterName+" at "+c.Endpoint+
			".\n\nCorrect the identity, or import by the SSH address of a control plane.")
		return
	}
	if c := seen.Configuration; c.Endpoint == "" || strings.Contains(c.PodCIDR+c.ServiceCIDR, ",") {
		resp.Diagnostics.AddError("Unable to import onprem_kubernetes_cluster", unfit(*c))
		return
	}
	m := adopt(seen)
	m.report(ctx, seen, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	identify(ctx, resp.Identity, &m, &resp.Diagnostics)
}

// unfit says why a cluster cannot be described.
func unfit(c kubeadm.Configuration) string {
	if c.Endpoint == "" {
		return "The cluster has no endpoint: kubeadm init ran without --control-plane-endpoint, so it can have but one control plane.\n\n" +
			"Give it one: put `controlPlaneEndpoint: HOST:6443` into ClusterConfiguration of ConfigMap kubeadm-config in namespace kube-system. " +
			"The API server's certificate must have that host. Then import again."
	}
	return "The cluster has two families of addresses (" + c.PodCIDR + " and " + c.ServiceCIDR + "), and this resource describes one.\n\n" +
		"Its data source and actions work for it."
}

// adopt describes a cluster that was made by somebody else as a configuration
// without frills would.
func adopt(o kubeadm.Observed) cluster {
	m := cluster{
		Nodes:              map[string]node{},
		ManagePackages:     types.BoolValue(true),
		DeletionProtection: types.BoolValue(true),
		StoreKubeconfig:    types.BoolValue(false),
		NodeActions:        noActions(),
		Kubeconfig:         types.StringNull(),
		CACertificate:      types.StringNull(),
		Timeouts:           noTimeouts(),
	}
	for name, object := range o.Nodes {
		m.Nodes[name] = node{
			Role: types.StringValue(string(roleOf(object))), Address: semtype.NewAddress(object.InternalIP),
			Labels: adoptLabels(object.Labels), Taints: adoptTaints(object),
		}
	}
	m.follow(o)
	return m
}

// adoptLabels takes the labels without a prefix: those are, by the rules of
// Kubernetes, private to its users, while everything automatic has a prefix.
func adoptLabels(labels map[string]string) map[string]string {
	var own map[string]string
	for key, value := range labels {
		if strings.Contains(key, "/") {
			continue
		}
		if own == nil {
			own = map[string]string{}
		}
		own[key] = value
	}
	return own
}

// adoptTaints leaves out those that Kubernetes puts for a time. nil stands for
// what the role has anyway.
func adoptTaints(o kubeadm.NodeObject) []taint {
	own := []taint{}
	usual := false
	for _, t := range o.Taints {
		switch {
		case strings.HasPrefix(t.Key, "node.kubernetes.io/"), strings.HasPrefix(t.Key, "node.cloudprovider.kubernetes.io/"):
		case t.Key == "node-role.kubernetes.io/control-plane" && t.Value == "" && t.Effect == "NoSchedule":
			usual = true
			fallthrough
		default:
			own = append(own, taint{types.StringValue(t.Key), textOrNull(t.Value), types.StringValue(t.Effect)})
		}
	}
	if o.ControlPlane && usual && len(own) == 1 || !o.ControlPlane && len(own) == 0 {
		return nil
	}
	return own
}

func noTimeouts() timeouts.Value {
	return timeouts.Value{Object: types.ObjectNull(map[string]attr.Type{
		"create": types.StringType, "read": types.StringType, "update": types.StringType, "delete": types.StringType,
	})}
}
