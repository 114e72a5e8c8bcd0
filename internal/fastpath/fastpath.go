// Package fastpath stands between Terraform and the framework's server. It
// answers for objects that have not changed, which are nearly all of a plan,
// and leaves everything else, and every doubt, to the framework, whose work is
// quadratic in the number of attributes. What it answers is what the framework
// would (terraform-plugin-framework v1.19.0): tests hold the two against each
// other.
package fastpath

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/onprem-tools/terraform-provider-onprem/internal/wire"
)

// Variable is the environment variable that switches the fast path off when it
// is "off".
const Variable = "ONPREM_FAST_PATH"

// Server is every RPC that the framework's server has.
type Server interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// Provider is a provider that tells what it has configured its resources with.
// It never defers: the framework would answer for a deferred provider itself.
type Provider interface {
	provider.Provider
	// ResourceData is nil before the provider is configured.
	ResourceData() any
}

// Resource is a resource that answers for its own rules, as crud.Resource does.
// The methods agree with the resource's Read, ValidateConfig and ModifyPlan.
type Resource interface {
	resource.ResourceWithConfigure
	// Compile prepares the methods below, and returns why it cannot.
	Compile(*wire.Schema) error
	// ReadUnchanged reads the object that state is of. ok: it is still so, and
	// has this identity. Otherwise the context spares Read from reading again.
	ReadUnchanged(ctx context.Context, state []byte) (next context.Context, identity []byte, ok bool)
	// ConfigFine reports whether ValidateConfig would have nothing to say.
	ConfigFine(ctx context.Context, config []byte) bool
	// PlanStays reports whether ModifyPlan would leave a plan that equals the
	// state as it is, without a word.
	PlanStays(ctx context.Context, config, plan []byte) bool
}

// NewServer serves p, with the fast path in front of the framework unless the
// environment says otherwise.
func NewServer(p provider.Provider) tfprotov6.ProviderServer {
	framework := providerserver.NewProtocol6(p)()
	whole, ok := framework.(Server)
	of, knows := p.(Provider)
	if !ok || !knows || os.Getenv(Variable) == "off" {
		return framework
	}
	return New(whole, of)
}

// New puts the fast path in front of next, the framework's server of p.
func New(next Server, p Provider) Server {
	return &server{Server: next, provider: p, entities: sync.OnceValue(func() map[string]*entity { return entitiesOf(p) })}
}

// Left tells for each resource type what is left to the framework, and why.
func Left(p Provider) map[string][]string {
	all := map[string][]string{}
	for name, e := range entitiesOf(p) {
		e.compiled()
		all[name] = e.left
	}
	return all
}

// entity is a type of resources.
type entity struct {
	make     func() resource.Resource
	compiled func() // on first use

	schema     *wire.Schema // nil if it could not be compiled
	framework  schema.Schema
	typ        tftypes.Type
	identified bool
	rules      Resource // of an instance that is not configured; nil if left to the framework
	left       []string

	mu         sync.Mutex
	configured atomic.Pointer[configured]
}

// configured is a resource with what it was configured with.
type configured struct {
	data     any
	resource Resource
}

func entitiesOf(p Provider) map[string]*entity {
	ctx := context.Background()
	var of provider.MetadataResponse
	p.Metadata(ctx, provider.MetadataRequest{}, &of)
	all := map[string]*entity{}
	for _, constructor := range p.Resources(ctx) {
		r := constructor()
		var meta resource.MetadataResponse
		r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: of.TypeName}, &meta)
		e := &entity{make: constructor}
		e.compiled = sync.OnceFunc(func() { e.compile(ctx, r) })
		all[meta.TypeName] = e
	}
	return all
}

func (e *entity) compile(ctx context.Context, r resource.Resource) {
	var resp resource.SchemaResponse
	r.Schema(ctx, resource.SchemaRequest{}, &resp)
	s, err := wire.Compile(ctx, resp.Schema)
	if err != nil {
		e.left = []string{"all steps: " + err.Error()}
		return
	}
	e.schema, e.framework, e.typ = s, resp.Schema, resp.Schema.Type().TerraformType(ctx)
	_, e.identified = r.(resource.ResourceWithIdentity)
	rules, ok := r.(Resource)
	if !ok {
		e.left = []string{fmt.Sprintf("validate, read, plan: %T does not answer for its rules", r)}
		return
	}
	if err := rules.Compile(s); err != nil {
		e.left = []string{"validate, read, plan: " + err.Error()}
		return
	}
	e.rules = rules
	for _, why := range s.Changing() {
		e.left = append(e.left, "plan: "+why)
	}
}

// with returns the resource configured with data. A provider that is configured
// again, as one for debugging may be, has other data.
func (e *entity) with(ctx context.Context, data any) Resource {
	if c := e.configured.Load(); c != nil && c.data == data {
		return c.resource
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if c := e.configured.Load(); c != nil && c.data == data {
		return c.resource
	}
	r, _ := e.make().(Resource)
	if r == nil || r.Compile(e.schema) != nil {
		return nil
	}
	r.Configure(ctx, resource.ConfigureRequest{ProviderData: data}, &resource.ConfigureResponse{})
	e.configured.Store(&configured{data, r})
	return r
}
