package cluster

import (
	"cmp"
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

const defaultTokenTTL = time.Hour

// NewJoinTokenEphemeral makes a token with which machines that somebody else
// manages can join as workers.
func NewJoinTokenEphemeral() ephemeral.EphemeralResource { return &joinTokenEphemeral{open: open} }

type joinTokenEphemeral struct {
	open    opener
	clients *clients.Set
}

var _ ephemeral.EphemeralResourceWithConfigure = (*joinTokenEphemeral)(nil)

type joinToken struct {
	entry

	TTL                  semtype.Duration  `tfsdk:"ttl"`
	Token                types.String      `tfsdk:"token"`
	ExpiresAt            timetypes.RFC3339 `tfsdk:"expires_at"`
	CACertHash           types.String      `tfsdk:"ca_cert_hash"`
	ControlPlaneEndpoint types.String      `tfsdk:"control_plane_endpoint"`
}

// Metadata implements ephemeral.EphemeralResource.
func (e *joinTokenEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kubernetes_join_token"
}

// Schema implements ephemeral.EphemeralResource.
func (e *joinTokenEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = eschema.Schema{
		MarkdownDescription: "A bootstrap token with which machines that are managed elsewhere (an image that joins at its first start, a pool of virtual machines) join a " +
			"cluster as workers. Every run makes a new one, a plan too, and none is stored. Needs Terraform or OpenTofu 1.11.",
		Attributes: entryAttributes[eschema.Attribute](map[string]schema.Attribute{
			"ttl": schema.StringAttribute{
				CustomType: semtype.DurationType{}, Optional: true,
				MarkdownDescription: "How long the token is good for. Defaults to `1h`.",
			},
			"token":                  schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The token, as `kubeadm join` takes it."},
			"expires_at":             schema.StringAttribute{CustomType: timetypes.RFC3339Type{}, Computed: true, MarkdownDescription: "When the token ends."},
			"ca_cert_hash":           schema.StringAttribute{Computed: true, MarkdownDescription: "What the cluster's authority is checked against: `sha256:…` (kubeadm calls it `caCertHashes`)."},
			"control_plane_endpoint": schema.StringAttribute{Computed: true, MarkdownDescription: "Where to join, `host:port`."},
		}),
	}
}

// Configure implements ephemeral.EphemeralResourceWithConfigure.
func (e *joinTokenEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.clients, _ = req.ProviderData.(*clients.Set)
}

// Open implements ephemeral.EphemeralResource.
func (e *joinTokenEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m joinToken
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	if err := e.make(ctx, &m); err != nil {
		crud.Report(ctx, &resp.Diagnostics, "Unable to open onprem_kubernetes_join_token", err)
		return
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
}

func (e *joinTokenEphemeral) make(ctx context.Context, m *joinToken) error {
	return m.visit(ctx, e.clients, e.open, func(ctx context.Context, o operator, c remote.Config) error {
		t, err := o.JoinToken(ctx, door(c), cmp.Or(length(m.TTL), defaultTokenTTL))
		if err != nil {
			return err
		}
		m.Token = types.StringValue(t.Token)
		m.ExpiresAt = timeOrNull(t.Expires)
		m.CACertHash = types.StringValue(t.CAHash)
		m.ControlPlaneEndpoint = types.StringValue(t.Endpoint)
		return nil
	})
}
