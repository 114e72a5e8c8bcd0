package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// ModifyPlan implements resource.ResourceWithModifyPlan. It makes the same plan
// of steps as the apply will, from the evidence of the last refresh: what the
// plan says in node_actions is what makes Terraform update, whether
// configuration or reality has changed.
func (r *clusterResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var prior *cluster
	if !req.State.Raw.IsNull() {
		prior = &cluster{}
		resp.Diagnostics.Append(req.State.Get(ctx, prior)...)
	}
	if req.Plan.Raw.IsNull() {
		if !resp.Diagnostics.HasError() && prior != nil {
			refuseDestroy(prior, &resp.Diagnostics)
		}
		return
	}
	if !req.Config.Raw.IsFullyKnown() {
		return // what is done to which node is decided by values of this very run
	}
	var m cluster
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(checkImmutable(&m, prior)...)
	resp.Diagnostics.Append(warnUnused(ctx, &m, prior)...)
	resp.Diagnostics.Append(validate(&m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var have kubeadm.Observed
	if prior != nil {
		evidence, d := req.Private.GetKey(ctx, observedKey)
		resp.Diagnostics.Append(d...)
		if err := json.Unmarshal(evidence, &have); err != nil {
			resp.Diagnostics.AddError("Unable to plan onprem_kubernetes_cluster", "What was last seen of the cluster is not in state: "+err.Error()+
				".\n\nPlan with a refresh.")
			return
		}
	}
	plan(ctx, &m, prior, have, &resp.Diagnostics)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(resp.Plan.Set(ctx, &m)...)
	}
}

// plan fills the computed attributes of m.
func plan(ctx context.Context, m, prior *cluster, have kubeadm.Observed, diags *diag.Diagnostics) {
	if prior != nil && m.unforeseeable(prior, have) {
		m.foresee(prior, true)
		m.NodeActions = types.MapUnknown(types.StringType)
		return
	}
	steps, err := kubeadm.MakePlan(m.desired(), withBareMachines(have, m.Nodes))
	var refusal *kubeadm.Refusal
	switch {
	case errors.As(err, &refusal) && prior != nil && reflect.DeepEqual(m.desired(), prior.desired()):
		// Nothing is asked for: what stands against a repair must not keep anybody from a destroy.
		warnRefused(refusal, diags)
		m.foresee(prior, false)
		return
	case errors.As(err, &refusal):
		refuse(refusal, diags)
		return
	case err != nil:
		fail(ctx, diags, "plan", err)
		return
	}
	for _, warning := range steps.Warnings {
		diags.AddWarning("Plan of the cluster "+m.Name.ValueString(), warning)
	}
	m.foresee(prior, len(steps.Stages) > 0)
	if prior == nil || len(steps.Stages) > 0 {
		m.NodeActions = nodeActions(steps)
	}
}

func nodeActions(steps kubeadm.Plan) types.Map {
	actions := map[string]attr.Value{}
	for node, words := range steps.NodeActions() {
		actions[node] = types.StringValue(words)
	}
	return types.MapValueMust(types.StringType, actions)
}

// unforeseeable reports whether machines were last looked at in another way than
// the apply will: a node of the cluster that was not in state, or one that is
// logged in to differently.
func (m *cluster) unforeseeable(prior *cluster, have kubeadm.Observed) bool {
	for name, n := range m.Nodes {
		_, asked := have.Machines[name]
		_, joined := have.Nodes[name]
		before, known := prior.Nodes[name]
		if joined && !asked || known && !reflect.DeepEqual(before.SSH, n.SSH) {
			return true
		}
	}
	return !reflect.DeepEqual(prior.SSH, m.SSH)
}

// foresee says which of the computed attributes will change, by whether machines
// do.
func (m *cluster) foresee(prior *cluster, changes bool) {
	if prior == nil {
		m.NodeStatus = types.MapUnknown(statusType())
		m.CACertificate, m.CAHash, m.CertificatesExpireAt = types.StringUnknown(), types.StringUnknown(), timetypes.NewRFC3339Unknown()
		m.foreseeKubeconfig(types.StringUnknown())
		return
	}
	m.CACertificate, m.CAHash = prior.CACertificate, prior.CAHash
	if m.CACertificate.IsNull() { // after an import
		m.CACertificate = types.StringUnknown()
	}
	m.NodeStatus, m.CertificatesExpireAt = prior.NodeStatus, prior.CertificatesExpireAt
	m.NodeActions = prior.NodeActions // those of the last apply, until a refresh
	if changes {
		m.NodeStatus, m.CertificatesExpireAt = types.MapUnknown(statusType()), timetypes.NewRFC3339Unknown()
	}
	kubeconfig := prior.Kubeconfig
	if kubeconfig.IsNull() || !m.Version.Equal(prior.Version) { // an upgrade renews the certificate in it
		kubeconfig = types.StringUnknown()
	}
	m.foreseeKubeconfig(kubeconfig)
}

func (m *cluster) foreseeKubeconfig(stored types.String) {
	m.Kubeconfig = stored
	if !m.StoreKubeconfig.ValueBool() {
		m.Kubeconfig = types.StringNull()
	}
}

// withBareMachines takes machines that were never looked at for bare ones: they
// may be made by the same run. The apply looks, and refuses what it finds.
func withBareMachines(o kubeadm.Observed, nodes map[string]node) kubeadm.Observed {
	machines := map[string]kubeadm.Machine{}
	for name := range nodes {
		machines[name] = kubeadm.Machine{}
	}
	for name, m := range o.Machines {
		machines[name] = m
	}
	o.Machines = machines
	return o
}

// warnRefused tells what is wrong with a cluster that is not to be changed.
func warnRefused(refusal *kubeadm.Refusal, diags *diag.Diagnostics) {
	for _, reason := range refusal.Reasons {
		diags.AddWarning("The cluster cannot be put right", explain(reason))
	}
}

// refuse reports every reason that stands against the plan.
func refuse(refusal *kubeadm.Refusal, diags *diag.Diagnostics) {
	const summary = "This cannot be done safely"
	for _, reason := range refusal.Reasons {
		if reason.Node == "" {
			diags.AddError(summary, explain(reason))
			continue
		}
		diags.AddAttributeError(path.Root("nodes").AtMapKey(reason.Node), summary, explain(reason))
	}
}

// explain is a reason with its node and what to do.
func explain(reason kubeadm.Reason) string {
	text := reason.Text
	if reason.Node != "" {
		text = reason.Node + ": " + text
	}
	if reason.Hint != "" {
		text += "\n\n" + reason.Hint
	}
	return text
}

// validate reports what is wrong with the configuration alone.
func validate(m *cluster) diag.Diagnostics {
	var diags diag.Diagnostics
	if m.Packages != nil && !m.ManagePackages.ValueBool() {
		diags.AddAttributeError(path.Root("packages"), "Nothing is installed", "`manage_packages` is false, and `packages` says where to install from.\n\nLeave out one of them.")
	}
	diags.Append(checkWays(m)...)
	for _, p := range m.desired().Validate() {
		diags.AddAttributeError(attributePath(p.Path), "Invalid cluster", p.Text)
	}
	return diags
}

// checkWays refuses two nodes that lead to one machine.
func checkWays(m *cluster) diag.Diagnostics {
	var diags diag.Diagnostics
	type way struct{ host, port, bastion string }
	nodes := map[way]string{}
	for _, name := range sortedNames(m.Nodes) {
		n := m.Nodes[name]
		if n.SSH == nil {
			continue // its own address, which is checked
		}
		w := way{host: cmp.Or(n.SSH.Address.ValueString(), n.Address.ValueString()), port: n.SSH.Port.String()}
		if n.SSH.Bastion != nil {
			w.bastion = n.SSH.Bastion.Host.ValueString()
		}
		if other, taken := nodes[w]; taken {
			diags.AddAttributeError(path.Root("nodes").AtMapKey(name).AtName("ssh"), "Two nodes on one machine",
				fmt.Sprintf("%s and %s are both logged in to at %s.\n\nCorrect the address of one of them.", other, name, w.host))
		}
		nodes[w] = name
	}
	return diags
}

// renamed are the settings that package kubeadm knows by a shorter name.
var renamed = map[string]string{
	"endpoint":     "control_plane_endpoint",
	"kubelet":      "kubelet_configuration",
	"kube_proxy":   "kube_proxy_configuration",
	"kubelet_args": "kubelet_extra_args",
}

// attributePath leads to the attribute that a problem names.
func attributePath(steps []string) path.Path {
	p := path.Empty()
	for i, step := range steps {
		name := cmp.Or(renamed[step], step)
		n, err := strconv.Atoi(step)
		switch {
		case i == 0:
			p = path.Root(name)
		case steps[i-1] == "nodes" && i == 1, steps[i-1] == "labels" && i == 3:
			p = p.AtMapKey(step)
		case err == nil:
			p = p.AtListIndex(n)
		default:
			p = p.AtName(name)
		}
	}
	return p
}

// checkImmutable refuses what kubeadm cannot change. A replacement of the whole
// cluster, which is how Terraform usually goes about it, is never meant.
func checkImmutable(m, prior *cluster) diag.Diagnostics {
	var diags diag.Diagnostics
	if prior == nil {
		return diags
	}
	for _, v := range []struct {
		name    string
		was, is attr.Value
	}{
		{"name", prior.Name, m.Name},
		{"control_plane_endpoint", prior.ControlPlaneEndpoint, m.ControlPlaneEndpoint},
		{"pod_cidr", prior.PodCIDR, m.PodCIDR},
		{"service_cidr", prior.ServiceCIDR, m.ServiceCIDR},
		{"dns_domain", prior.DNSDomain, m.DNSDomain},
		{"coredns", prior.CoreDNS, m.CoreDNS},
		{"kube_proxy", prior.KubeProxy, m.KubeProxy},
	} {
		if !v.was.Equal(v.is) {
			immutable(&diags, path.Root(v.name), v.was.String(), v.is.String())
		}
	}
	was, is := prior.Etcd.desired(), m.Etcd.desired()
	if (was.External == nil) != (is.External == nil) {
		immutable(&diags, path.Root("etcd").AtName("external"), place(was), place(is))
	}
	if prior.VirtualIP != nil && m.VirtualIP == nil {
		diags.AddAttributeError(path.Root("virtual_ip"), "The virtual address is not taken away",
			fmt.Sprintf("kube-vip serves %s, and everything that uses the cluster goes there.\n\n"+
				"Put `virtual_ip` back. If a load balancer has taken over the address, move `/etc/kubernetes/manifests/kube-vip.yaml` away on the control planes "+
				"and import the cluster anew, without `virtual_ip`.", m.ControlPlaneEndpoint.ValueString()))
	}
	names := map[string]string{} // by address
	for name, n := range prior.Nodes {
		names[n.Address.ValueString()] = name
	}
	for _, name := range sortedNames(m.Nodes) {
		before, known := prior.Nodes[name]
		if was, taken := names[m.Nodes[name].Address.ValueString()]; !known && taken {
			diags.AddAttributeError(path.Root("nodes").AtMapKey(name), "A node keeps its name",
				fmt.Sprintf("The machine at %s is node %s of the cluster: Kubernetes and etcd know it by that name.\n\n"+
					"Keep the name. If it is to have another one, take %s out and apply; then add the machine as %s.",
					m.Nodes[name].Address.ValueString(), was, was, name))
		}
		if is := m.Nodes[name]; known && before.Address.ValueString() != is.Address.ValueString() {
			diags.AddAttributeError(path.Root("nodes").AtMapKey(name).AtName("address"), "A node keeps its address",
				fmt.Sprintf("%s has the address %s, and etcd and the certificates know it by that.\n\n"+
					"Give the machine at %s another name, and take %s out: the new one joins before the old one leaves.", name, before.Address, is.Address, name))
		}
	}
	return diags
}

// warnUnused tells of a change that nothing comes of: kubeadm hands kube-proxy's
// settings to a ConfigMap when the cluster is made, and never looks at them again.
func warnUnused(ctx context.Context, m, prior *cluster) diag.Diagnostics {
	var diags diag.Diagnostics
	if prior == nil {
		return diags
	}
	same := m.KubeProxyConfiguration.IsNull() && prior.KubeProxyConfiguration.IsNull()
	if !m.KubeProxyConfiguration.IsNull() && !prior.KubeProxyConfiguration.IsNull() {
		same, diags = prior.KubeProxyConfiguration.StringSemanticEquals(ctx, m.KubeProxyConfiguration)
	}
	if !same {
		diags.AddAttributeWarning(path.Root("kube_proxy_configuration"), "kube-proxy stays as it is",
			"kubeadm uses these settings when it makes the cluster. Change ConfigMap kube-proxy in namespace kube-system, too, and restart its pods: "+
				"`kubectl --namespace kube-system rollout restart daemonset kube-proxy`.")
	}
	return diags
}

func immutable(diags *diag.Diagnostics, at path.Path, was, is string) {
	diags.AddAttributeError(at, "This cannot be changed once the cluster is made",
		fmt.Sprintf("%s is %s, and would become %s. kubeadm has no way to change that, and the cluster is not replaced for it.\n\n"+
			"Put back %s, or make a new cluster beside this one and move to it.", at, was, is, strings.TrimSpace(was)))
}

func place(e kubeadm.Etcd) string {
	if e.External != nil {
		return "an external etcd"
	}
	return "the control planes' own etcd"
}
