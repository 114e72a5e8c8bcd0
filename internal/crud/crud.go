// Package crud turns five plain functions into a Terraform resource, and one
// into a data source. It decodes, calls the function, reads back, stores state
// and identity, and words the error; nothing else.
package crud

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/wire"
)

// readBackTimeout bounds the read-back after a write in a run that has been
// interrupted: the write is done, so its result is worth a moment.
const readBackTimeout = 30 * time.Second

// Spec describes a resource with model M on a system with client C.
//
// M is a struct with tfsdk tags. Functions get it decoded and change it in
// place; a model with a method OperationTimeouts has configurable timeouts.
type Spec[M, C any] struct {
	// Name is the type name without the provider's: "harbor_project".
	Name string
	// Identity names the attributes that identify an object for good. Joined
	// with "/" they are the import id.
	Identity []string
	// Client returns the system's client, or why there is none.
	Client func(*clients.Set) (C, error)
	Schema func(context.Context) schema.Schema
	// Rights is what the account in the provider block must be allowed, for the
	// resource's page, in Markdown.
	Rights string

	// Create makes the object and sets what the system answers with (ids) in
	// Change.Plan. An object that exists but is not complete is reported by
	// Incomplete, so that it is recorded and not orphaned.
	Create func(context.Context, C, Change[M]) error
	// Read fills every attribute from the system. An error that wraps
	// api.ErrNotFound means that the object is gone.
	Read func(context.Context, C, *M) error
	// Update changes the object from Change.Prior to Change.Plan.
	Update func(context.Context, C, Change[M]) error
	// Delete removes the object. One that is gone already is no error.
	Delete func(context.Context, C, *M) error
	// Check finds what is wrong with a configuration as a whole, beyond what the
	// validators of single attributes say. Values may be unknown.
	Check func(*M, *diag.Diagnostics)
	// Complete sets what of a plan follows from other attributes: defaults that
	// depend on them. It runs for every plan but a destroy, and changes nothing
	// of a plan that it has completed before. Values may be unknown.
	Complete func(config, plan *M)
	// Secrets are the write-only attributes of a model.
	Secrets func(*M) []SecretField
	// Review looks at what is about to be created (no Prior), changed, or
	// destroyed (neither Plan nor Config), and may ask the system about it. What
	// stays as it is costs no review. Values may be unknown, and so may be how to
	// reach the system: then client has an error, which the apply will say.
	Review func(ctx context.Context, client func() (C, error), ch Change[M], diags *diag.Diagnostics)

	// List, when set, finds all objects: see NewList and NewPluralData.
	List *Listing[M, C]
	// Import, when set, finds the object for an import id that people write
	// (a name, a path) and sets its identity attributes. Without it the id is
	// the identity attributes joined with "/".
	Import func(ctx context.Context, client C, id string, m *M) error
}

// Change is what Terraform wants done. Write-only values exist only in Config.
type Change[M any] struct {
	Plan   *M // what should be; unknown values are the system's to decide
	Prior  *M // what was; nil on create
	Config *M // what the user wrote
}

// Resource implements resource.Resource over a Spec. Embed it to add
// UpgradeState. Rules stand in the Spec: what decides about a plan without the
// framework asks them too.
type Resource[M, C any] struct {
	Spec Spec[M, C]

	clients  *clients.Set
	typeName string
	model    *wire.Model[M] // once compiled
}

var (
	_ resource.ResourceWithConfigure   = (*Resource[struct{}, any])(nil)
	_ resource.ResourceWithIdentity    = (*Resource[struct{}, any])(nil)
	_ resource.ResourceWithImportState = (*Resource[struct{}, any])(nil)
)

// New returns the constructor of the resource that s describes.
func New[M, C any](s Spec[M, C]) func() resource.Resource {
	return func() resource.Resource { return NewResource(s) }
}

// NewResource returns the resource that s describes, for embedding.
func NewResource[M, C any](s Spec[M, C]) *Resource[M, C] {
	return &Resource[M, C]{Spec: s, typeName: "onprem_" + s.Name}
}

// Metadata implements resource.Resource.
func (r *Resource[M, C]) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_" + r.Spec.Name
}

// Rights is what the account in the provider block must be allowed.
func (r *Resource[M, C]) Rights() string { return r.Spec.Rights }

// Schema implements resource.Resource.
func (r *Resource[M, C]) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = r.Spec.Schema(ctx)
}

// Configure implements resource.ResourceWithConfigure.
func (r *Resource[M, C]) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.clients, _ = req.ProviderData.(*clients.Set) // nil while Terraform only validates
}

// Create implements resource.Resource. State and identity are recorded before
// the read-back: whatever happens then, Terraform knows the object.
func (r *Resource[M, C]) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx = Guard(ctx, tfsdk.State(req.Config), tfsdk.State(req.Plan))
	var plan, config M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, err := r.Spec.Client(r.clients)
	if err != nil {
		r.fail(ctx, &resp.Diagnostics, "create", err)
		return
	}
	ctx, cancel := withTimeout(ctx, &plan, timeouts.Value.Create, &resp.Diagnostics)
	defer cancel()

	err = r.Spec.Create(ctx, client, Change[M]{Plan: &plan, Config: &config})
	var incomplete *incompleteError
	if err != nil && !errors.As(err, &incomplete) {
		r.fail(ctx, &resp.Diagnostics, "create", err)
		return
	}
	r.record(ctx, &resp.State, resp.Identity, &plan, &resp.Diagnostics)
	r.notePlaces(ctx, resp.Private, resp.Private, Change[M]{Plan: &plan}, &resp.Diagnostics)
	if err != nil {
		r.fail(ctx, &resp.Diagnostics, "create", err)
		return
	}
	r.readBack(ctx, client, &plan, &resp.State, resp.Identity, &resp.Diagnostics)
}

// Read implements resource.Resource. An object that is gone leaves state
// quietly, with its identity set: Terraform wants one even then.
func (r *Resource[M, C]) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	ctx = Guard(ctx, req.State)
	var m M
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, err := r.Spec.Client(r.clients)
	if err != nil {
		r.fail(ctx, &resp.Diagnostics, "read", err)
		return
	}
	ctx, cancel := withTimeout(ctx, &m, timeouts.Value.Read, &resp.Diagnostics)
	defer cancel()

	err = r.read(ctx, client, &m)
	switch {
	case api.IsNotFound(err):
		r.identify(ctx, req.State, resp.Identity, &resp.Diagnostics)
		resp.State.RemoveResource(ctx)
	case err != nil:
		r.fail(ctx, &resp.Diagnostics, "read", err)
	default:
		r.record(ctx, &resp.State, resp.Identity, &m, &resp.Diagnostics)
	}
}

// Update implements resource.Resource. When the write succeeded and the
// read-back did not, state has the plan: the next refresh tells the rest.
func (r *Resource[M, C]) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx = Guard(ctx, tfsdk.State(req.Config), tfsdk.State(req.Plan), req.State)
	var plan, prior, config M
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &prior)...)
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, err := r.Spec.Client(r.clients)
	if err != nil {
		r.fail(ctx, &resp.Diagnostics, "update", err)
		return
	}
	ctx, cancel := withTimeout(ctx, &plan, timeouts.Value.Update, &resp.Diagnostics)
	defer cancel()

	ch := Change[M]{Plan: &plan, Prior: &prior, Config: &config}
	if r.keepPlaces(ctx, req.Private, ch, &resp.Diagnostics); resp.Diagnostics.HasError() { // what was unknown when it was planned
		return
	}
	if err := r.Spec.Update(ctx, client, ch); err != nil {
		r.fail(ctx, &resp.Diagnostics, "update", err)
		return
	}
	r.record(ctx, &resp.State, resp.Identity, &plan, &resp.Diagnostics)
	r.notePlaces(ctx, req.Private, resp.Private, ch, &resp.Diagnostics)
	r.readBack(ctx, client, &plan, &resp.State, resp.Identity, &resp.Diagnostics)
}

// Delete implements resource.Resource.
func (r *Resource[M, C]) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx = Guard(ctx, req.State)
	var m M
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	client, err := r.Spec.Client(r.clients)
	if err != nil {
		r.fail(ctx, &resp.Diagnostics, "delete", err)
		return
	}
	ctx, cancel := withTimeout(ctx, &m, timeouts.Value.Delete, &resp.Diagnostics)
	defer cancel()

	if err := r.Spec.Delete(ctx, client, &m); err != nil && !api.IsNotFound(err) {
		r.fail(ctx, &resp.Diagnostics, "delete", err)
	}
}

// readBack reads and records what a write has made. It does so in an interrupted
// run too, for a moment, so that an object that is complete is not taken for
// damaged.
func (r *Resource[M, C]) readBack(
	ctx context.Context, client C, m *M, state *tfsdk.State, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics,
) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), readBackTimeout)
		defer cancel()
	}
	if err := r.Spec.Read(ctx, client, m); err != nil {
		r.fail(ctx, diags, "read back", err)
		return
	}
	r.record(ctx, state, identity, m, diags)
}

func (r *Resource[M, C]) fail(ctx context.Context, diags *diag.Diagnostics, verb string, err error) {
	Report(ctx, diags, "Unable to "+verb+" "+r.typeName, err)
}
