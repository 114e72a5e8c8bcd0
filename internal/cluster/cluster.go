// Package cluster has the resource onprem_kubernetes_cluster and what belongs
// to it: a data source, ephemeral resources and actions. What is to be done is
// decided by package kubeadm, and done by package operate; here Terraform's words
// become theirs.
package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

const (
	createTimeout = time.Hour
	readTimeout   = 5 * time.Minute
	updateTimeout = 3 * time.Hour
	deleteTimeout = 30 * time.Minute

	// lookTimeout bounds the look at a cluster whose change has failed, which is
	// also made in a run that was interrupted.
	lookTimeout = time.Minute

	observedKey = "observed" // of the private state: the evidence of the last look
)

// Kinds are the cluster and its data source. There is no list of clusters: nothing
// knows which machines to ask.
func Kinds() []crud.Kind {
	return []crud.Kind{{Resource: NewCluster, Data: []func() datasource.DataSource{NewClusterDataSource}}}
}

// EphemeralResources are what one gets of a cluster without a trace in state.
func EphemeralResources() []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{NewKubeconfigEphemeral, NewJoinTokenEphemeral}
}

// Actions are what one does to a cluster now and then.
func Actions() []func() action.Action {
	return []func() action.Action{NewNodeDrain, NewNodeUncordon, NewEtcdSnapshot, NewCertificateRenewal}
}

// NewCluster manages a Kubernetes cluster made by kubeadm over SSH. It is
// written by hand: the machinery of crud records what a failed create left,
// and Terraform would destroy that at the next apply; here it is continued.
func NewCluster() resource.Resource { return &clusterResource{open: open} }

// Rights is what the page says of the accounts it needs.
func (*clusterResource) Rights() string {
	return "The account in the provider's `ssh` block, or in `ssh` here, logs in to each machine and becomes root with sudo: without a password, " +
		"or with the block's `sudo_password`. No account of Kubernetes is needed."
}

type clusterResource struct {
	open    opener
	clients *clients.Set
}

var (
	_ resource.ResourceWithConfigure   = (*clusterResource)(nil)
	_ resource.ResourceWithIdentity    = (*clusterResource)(nil)
	_ resource.ResourceWithImportState = (*clusterResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*clusterResource)(nil)
)

// Metadata implements resource.Resource.
func (r *clusterResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kubernetes_cluster"
}

// Schema implements resource.Resource.
func (r *clusterResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = clusterSchema(ctx)
}

// IdentitySchema implements resource.ResourceWithIdentity.
func (r *clusterResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema.Attributes = map[string]identityschema.Attribute{
		"name":                   identityschema.StringAttribute{RequiredForImport: true, Description: "Name of the cluster."},
		"control_plane_endpoint": identityschema.StringAttribute{RequiredForImport: true, Description: "Where the API server is reached, host:port."},
	}
}

// Configure implements resource.ResourceWithConfigure.
func (r *clusterResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.clients, _ = req.ProviderData.(*clients.Set) // nil while Terraform only validates
}

// Create implements resource.Resource. After a failure nothing is recorded:
// Terraform would take the cluster for damaged and destroy it first. The next
// apply finds on the machines how far this one came.
func (r *clusterResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var m cluster
	if resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	timeout, d := m.Timeouts.Create(ctx, createTimeout)
	resp.Diagnostics.Append(d...)
	w := r.work(ctx, &m, nil, &resp.Diagnostics)
	if w == nil {
		return
	}
	defer w.close(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	o, err := w.operator.Apply(ctx, w.target)
	if err == nil {
		err = w.finish(ctx, &m, o, &resp.Diagnostics)
	}
	if err != nil {
		fail(ctx, &resp.Diagnostics, "create", err)
		resp.Diagnostics.AddWarning("The cluster is not complete", "What was done stays on the machines, and state knows nothing of it. "+
			"The next apply looks at them and goes on from there; nothing is done twice.")
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(keep(ctx, resp.Private, o)...)
	identify(ctx, resp.Identity, &m, &resp.Diagnostics)
}

// Read implements resource.Resource. A machine that does not answer changes
// nothing in what is known of it.
func (r *clusterResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m cluster
	if resp.Diagnostics.Append(req.State.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	identify(ctx, resp.Identity, &m, &resp.Diagnostics)
	timeout, d := m.Timeouts.Read(ctx, readTimeout)
	resp.Diagnostics.Append(d...)
	w := r.look(ctx, &m, &resp.Diagnostics)
	if w == nil {
		return
	}
	defer w.close(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	m.NodeActions = noActions()
	o, err := w.operator.Observe(ctx, w.target)
	switch {
	case err != nil && ctx.Err() != nil:
		fail(ctx, &resp.Diagnostics, "read", err)
		return
	case err != nil || len(fails(o)) == len(o.Machines):
		warnUnseen(&resp.Diagnostics, &m, o, err)
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	case isGone(o, m.CAHash.ValueString()):
		resp.State.RemoveResource(ctx)
		return
	}
	m.follow(o)
	stored := m.Kubeconfig
	m.Kubeconfig = types.StringUnknown() // its certificate may have been renewed
	m.NodeStatus, m.CertificatesExpireAt = types.MapUnknown(statusType()), timetypes.NewRFC3339Unknown()
	if err := w.finish(ctx, &m, o, &resp.Diagnostics); err != nil {
		m.Kubeconfig = stored
		resp.Diagnostics.AddWarning("The kubeconfig is as it was last read", err.Error())
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(keep(ctx, resp.Private, o)...)
}

// Update implements resource.Resource. After a failure state has what is
// there, so that the next plan shows the rest.
func (r *clusterResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var m, prior cluster
	resp.Diagnostics.Append(req.Plan.Get(ctx, &m)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	if resp.Diagnostics.HasError() {
		return
	}
	identify(ctx, resp.Identity, &prior, &resp.Diagnostics)
	if onlyTerraform(&m, &prior) {
		resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
		return
	}
	timeout, d := m.Timeouts.Update(ctx, updateTimeout)
	resp.Diagnostics.Append(d...)
	w := r.work(ctx, &m, &prior, &resp.Diagnostics)
	if w == nil {
		return
	}
	defer w.close(&resp.Diagnostics)
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	o, err := w.operator.Apply(bounded, w.target)
	if err == nil {
		err = w.finish(bounded, &m, o, &resp.Diagnostics)
	}
	if err != nil {
		fail(ctx, &resp.Diagnostics, "update", err)
		w.recordReality(ctx, &m, &prior, resp)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
	resp.Diagnostics.Append(keep(ctx, resp.Private, o)...)
}

// onlyTerraform reports whether nothing changes but how Terraform works: then
// no machine is asked, and a cluster whose machines are gone can still lose
// its deletion_protection.
func onlyTerraform(m, prior *cluster) bool {
	open := m.NodeActions.IsUnknown() || m.NodeStatus.IsUnknown() || m.Kubeconfig.IsUnknown()
	return !open && reflect.DeepEqual(m.desired(), prior.desired())
}

// recordReality stores, after a change that failed, what can be seen now.
func (w *work) recordReality(ctx context.Context, m, prior *cluster, resp *resource.UpdateResponse) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTimeout)
	defer cancel()
	o, err := w.operator.Observe(ctx, w.target)
	if err != nil || o.Configuration == nil {
		return // state stays as it was before
	}
	seen := *m
	seen.Nodes = unite(m.Nodes, prior.Nodes)
	seen.follow(o)
	seen.NodeActions = noActions()
	seen.NodeStatus, seen.CertificatesExpireAt, seen.Kubeconfig = prior.NodeStatus, prior.CertificatesExpireAt, prior.Kubeconfig
	seen.report(ctx, o, &resp.Diagnostics)
	resp.Diagnostics.Append(resp.State.Set(ctx, &seen)...)
	resp.Diagnostics.Append(keep(ctx, resp.Private, o)...)
}

// unite has the nodes of both, and those labels of a node that either manages.
func unite(planned, prior map[string]node) map[string]node {
	all := map[string]node{}
	for name, n := range prior {
		all[name] = n
	}
	for name, n := range planned {
		labels := map[string]string{}
		for key, value := range all[name].Labels {
			labels[key] = value
		}
		for key, value := range n.Labels {
			labels[key] = value
		}
		if n.Labels != nil || len(labels) > 0 {
			n.Labels = labels
		}
		all[name] = n
	}
	return all
}

// Delete implements resource.Resource.
func (r *clusterResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var m cluster
	if resp.Diagnostics.Append(req.State.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	if refuseDestroy(&m, &resp.Diagnostics) {
		return
	}
	timeout, d := m.Timeouts.Delete(ctx, deleteTimeout)
	resp.Diagnostics.Append(d...)
	w := r.work(ctx, &m, nil, &resp.Diagnostics)
	if w == nil {
		return
	}
	defer w.close(&resp.Diagnostics)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	gone, err := w.operator.Destroy(ctx, w.target)
	if len(gone) > 0 {
		resp.Diagnostics.AddWarning("Machines did not answer", "They were not reset: "+strings.Join(gone, ", ")+
			".\n\nIf one of them comes back, run `kubeadm reset` there before it is used again.")
	}
	if err != nil {
		fail(ctx, &resp.Diagnostics, "delete", err)
	}
}

// refuseDestroy reports whether the cluster is protected.
func refuseDestroy(m *cluster, diags *diag.Diagnostics) bool {
	if !m.DeletionProtection.ValueBool() {
		return false
	}
	diags.AddAttributeError(path.Root("deletion_protection"), "The cluster is protected",
		fmt.Sprintf("Cluster %q would be destroyed with all its data, and `deletion_protection` is set.\n\n"+
			"If that is meant, set `deletion_protection = false`, apply, and destroy then.", m.Name.ValueString()))
	return true
}

func fail(ctx context.Context, diags *diag.Diagnostics, verb string, err error) {
	crud.Report(ctx, diags, "Unable to "+verb+" onprem_kubernetes_cluster", err)
}

// setter is the private state of a response.
type setter interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// keep stores the evidence, from which the next plan is made.
func keep(ctx context.Context, private setter, o kubeadm.Observed) diag.Diagnostics {
	text, err := json.Marshal(o)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to keep what was observed", err.Error())}
	}
	return private.SetKey(ctx, observedKey, text)
}

// identify copies the identity. Terraform before 1.12 has none.
func identify(ctx context.Context, identity *tfsdk.ResourceIdentity, m *cluster, diags *diag.Diagnostics) {
	if identity == nil {
		return
	}
	diags.Append(identity.SetAttribute(ctx, path.Root("name"), m.Name)...)
	diags.Append(identity.SetAttribute(ctx, path.Root("control_plane_endpoint"), m.ControlPlaneEndpoint)...)
}

func noActions() types.Map { return types.MapValueMust(types.StringType, nil) }

// warnUnseen tells of a look at which nothing was seen. What is partly amiss the
// plan says.
func warnUnseen(diags *diag.Diagnostics, m *cluster, o kubeadm.Observed, err error) {
	reasons := fails(o)
	if err != nil {
		reasons = append(reasons, err.Error())
	}
	diags.AddWarning("The cluster could not be seen", fmt.Sprintf("No machine of cluster %q answers, so it is taken as it was last seen:\n\n%s\n\n"+
		"Check the network and the provider's `ssh` block. If all machines are gone for good, `terraform state rm` forgets the cluster; a destroy needs one that answers.",
		m.Name.ValueString(), strings.Join(reasons, "\n")))
}

// target is what package operate needs to know of a cluster.
func (m *cluster) target() operate.Target {
	return operate.Target{
		Cluster:      m.desired(),
		CAHash:       m.CAHash.ValueString(),
		Packages:     m.packages(),
		SnapshotDir:  m.snapshotDir(),
		ReadyTimeout: length(m.ReadyTimeout),
		DrainTimeout: length(m.DrainTimeout),
	}
}
