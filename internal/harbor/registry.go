package harbor

import (
	"context"
	"strconv"

	"github.com/goharbor/go-client/pkg/sdk/v2.0/models"
	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// Registry manages a registry endpoint: what Harbor replicates with, or is a
// proxy cache of.
var Registry = crud.Spec[registry, *harborapi.Client]{
	Name: "harbor_registry", Identity: []string{"id"},
	Client: (*clients.Set).Harbor, Schema: registrySchema,
	Rights:  "The account in the provider's `harbor` block has to be a system administrator, or a system robot with all of `registry`.",
	Secrets: func(m *registry) []crud.SecretField { return []crud.SecretField{m.secret()} }, Review: reviewRegistry,
	Create: createRegistry, Read: readRegistry, Update: updateRegistry, Delete: deleteRegistry, Import: importRegistry,
	List: &crud.Listing[registry, *harborapi.Client]{
		Title: func(m *registry) string { return m.Name.ValueString() },
		Each: each(func(ctx context.Context, c *harborapi.Client, _ *registry) ([]*harborapi.Registry, error) {
			return c.Registries.All(ctx)
		}, in((*registry).fromAPI)),
	},
}.Kind(newRegistryData)

type registry struct {
	ID                    types.Int64  `tfsdk:"id"`
	Name                  types.String `tfsdk:"name"`
	Description           types.String `tfsdk:"description"`
	Type                  types.String `tfsdk:"type"`
	URL                   semtype.URL  `tfsdk:"url"`
	Insecure              types.Bool   `tfsdk:"insecure"`
	CACertificate         types.String `tfsdk:"ca_certificate"`
	CredentialType        types.String `tfsdk:"credential_type"`
	AccessKey             types.String `tfsdk:"access_key"`
	AccessSecretWO        types.String `tfsdk:"access_secret_wo"`
	AccessSecretWOVersion types.Int64  `tfsdk:"access_secret_wo_version"`
}

// registryTypes are the adapters of Harbor 2.13; 2.15 has dropped dtr, gitlab and quay.
var registryTypes = []string{
	"ali-acr", "aws-ecr", "azure-acr", "docker-hub", "docker-registry", "dtr", "github-ghcr", "gitlab", "google-gcr", "harbor",
	"huawei-SWR", "jfrog-artifactory", "quay", "tencent-tcr", "volcengine-cr",
}

// mask is what Harbor shows instead of a secret, and would keep as one.
const mask = "*****"

func registrySchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A registry endpoint: what Harbor replicates with, or is a proxy cache of. Harbor connects to the endpoint before " +
			"it saves anything of it, and deletes it only when no replication policy and no proxy cache uses it.\n\n" +
			"A stored secret does not follow to another scheme, host or port of `url`: change `access_secret_wo_version` with it.",
		Attributes: map[string]schema.Attribute{
			"id": idAttribute("registry"),
			"name": schema.StringAttribute{
				Required: true, MarkdownDescription: "Name of the registry, unique, up to 64 characters.",
				Validators: []validator.String{stringvalidator.LengthBetween(1, 64)},
			},
			"description": descriptionAttribute("registry"),
			"type": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Kind of registry: `docker-registry`, `docker-hub`, `harbor`, `github-ghcr`, `aws-ecr`, `azure-acr`, " +
					"`google-gcr`, `ali-acr`, `huawei-SWR`, `tencent-tcr`, `volcengine-cr`, `jfrog-artifactory`, and before Harbor 2.15 " +
					"`dtr`, `gitlab` and `quay`. Changing it makes a new registry.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()},
				Validators:    []validator.String{stringvalidator.OneOf(registryTypes...)},
			},
			"url": schema.StringAttribute{
				Required: true, CustomType: semtype.URLType{},
				MarkdownDescription: "Address of the registry, with `http://` or `https://`.",
			},
			"insecure": schema.BoolAttribute{
				Optional: true, Computed: true, Default: booldefault.StaticBool(false),
				MarkdownDescription: "Whether Harbor takes any certificate of the registry. Defaults to `false`.",
			},
			"ca_certificate": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Certificate authority of the registry, in PEM form. Needs Harbor 2.15.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"credential_type": schema.StringAttribute{
				Optional: true, Computed: true, Default: stringdefault.StaticString("basic"),
				MarkdownDescription: "How the credential is used: `basic`, `oauth` or `secret` (Harbor's `credential.type`). Defaults to `basic`.",
				Validators:          []validator.String{stringvalidator.OneOf("basic", "oauth", "secret")},
			},
			"access_key": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Account at the registry (Harbor's `credential.access_key`). Without it, and without a secret, Harbor reads anonymously.",
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"access_secret_wo": crud.SecretAttribute("access_secret_wo",
				"Password or token of the account (Harbor's `credential.access_secret`).",
				stringvalidator.LengthAtLeast(1), stringvalidator.NoneOf(mask),
				stringvalidator.AlsoRequires(path.MatchRoot("access_secret_wo_version"))),
			"access_secret_wo_version": crud.SecretVersionAttribute("access_secret_wo", int64validator.AtLeast(0)),
		},
	}
}

func createRegistry(ctx context.Context, c *harborapi.Client, ch crud.Change[registry]) error {
	m := ch.Plan
	if err := supportsRegistry(ctx, c, m); err != nil {
		return err
	}
	secret, err := crud.Secret(ch, (*registry).secret)
	if err != nil {
		return err
	}
	id, err := c.Registries.Create(ctx, m.toAPI(secret))
	m.ID = types.Int64Value(id)
	return err
}

func supportsRegistry(ctx context.Context, c *harborapi.Client, m *registry) error {
	if m.CACertificate.IsNull() {
		return nil
	}
	return crud.At(path.Root("ca_certificate"), c.Require(ctx, 2, 15, "ca_certificate"))
}

// secret is the one write-only attribute.
func (m *registry) secret() crud.SecretField {
	return crud.SecretField{
		Path: path.Root("access_secret_wo"), Value: m.AccessSecretWO, Version: m.AccessSecretWOVersion,
		To: m.origin(), ToPath: path.Root("url"),
	}
}

// origin is where Harbor sends the secret.
func (m *registry) origin() types.String {
	if m.URL.IsNull() || m.URL.IsUnknown() {
		return m.URL.StringValue
	}
	return types.StringValue(harborapi.Origin(m.URL.ValueString()))
}

// reviewRegistry speaks up about a credential that somebody else has stored.
func reviewRegistry(_ context.Context, _ func() (*harborapi.Client, error), ch crud.Change[registry], diags *diag.Diagnostics) {
	if ch.Prior != nil && ch.Plan != nil && !ch.Prior.AccessKey.IsNull() {
		crud.WarnOfPlace(ch.Plan.secret(), ch.Prior.secret(), diags)
	}
}

func readRegistry(ctx context.Context, c *harborapi.Client, m *registry) error {
	r, err := c.Registries.Get(ctx, m.ID.ValueInt64())
	if err != nil {
		return err
	}
	m.fromAPI(r)
	return nil
}

// updateRegistry sends only what changes: Harbor leaves the rest as it is.
func updateRegistry(ctx context.Context, c *harborapi.Client, ch crud.Change[registry]) error {
	m, prior := ch.Plan, ch.Prior
	if err := supportsRegistry(ctx, c, m); err != nil {
		return err
	}
	secret, err := crud.Secret(ch, (*registry).secret)
	if err != nil {
		return err
	}
	u := harborapi.RegistryUpdate{RegistryUpdate: models.RegistryUpdate{
		Name: changed(m.Name, prior.Name), Description: changed(m.Description, prior.Description),
		AccessKey: changed(m.AccessKey, prior.AccessKey), AccessSecret: secret,
		CredentialType: changed(m.CredentialType, prior.CredentialType),
	}}
	if !harborapi.SameURL(m.URL.ValueString(), prior.URL.ValueString()) {
		u.URL = m.URL.ValueStringPointer()
	}
	if !m.Insecure.Equal(prior.Insecure) {
		u.Insecure = m.Insecure.ValueBoolPointer()
	}
	u.CACertificate = changed(m.CACertificate, prior.CACertificate)
	if u.AccessKey != nil || secret != nil {
		u.CredentialType = m.CredentialType.ValueStringPointer() // a new credential has none yet
	}
	return c.Registries.Update(ctx, m.ID.ValueInt64(), u)
}

// changed is the text to send: nil for one that stays, "" for one that goes.
func changed(is, was types.String) *string {
	if is.Equal(was) {
		return nil
	}
	text := is.ValueString()
	return &text
}

func deleteRegistry(ctx context.Context, c *harborapi.Client, m *registry) error {
	return c.Registries.Delete(ctx, m.ID.ValueInt64())
}

// importRegistry takes digits for an id, everything else for a name.
func importRegistry(ctx context.Context, c *harborapi.Client, id string, m *registry) error {
	n, err := strconv.ParseInt(id, 10, 64)
	if err == nil {
		m.ID = types.Int64Value(n)
		return nil
	}
	r, err := c.Registries.Named(ctx, id)
	if err != nil {
		return err
	}
	m.ID = types.Int64Value(r.ID)
	return nil
}

func (m *registry) toAPI(secret *string) *harborapi.Registry {
	r := &harborapi.Registry{CACertificate: m.CACertificate.ValueString(), Registry: models.Registry{
		Name: m.Name.ValueString(), Description: m.Description.ValueString(), Type: m.Type.ValueString(),
		URL: m.URL.ValueString(), Insecure: m.Insecure.ValueBool(),
	}}
	if !m.AccessKey.IsNull() || secret != nil {
		r.Credential = &models.RegistryCredential{AccessKey: m.AccessKey.ValueString(), Type: m.CredentialType.ValueString()}
	}
	if secret != nil {
		r.Credential.AccessSecret = *secret
	}
	return r
}

func (m *registry) fromAPI(r *harborapi.Registry) {
	m.ID = types.Int64Value(r.ID)
	m.Name = types.StringValue(r.Name)
	m.Description = textOrNull(r.Description)
	m.Type = types.StringValue(r.Type)
	m.Insecure = types.BoolValue(r.Insecure)
	m.CACertificate = textOrNull(r.CACertificate)
	// Harbor cuts a slash at the end: what is written stays as it is written.
	if !harborapi.SameURL(m.URL.ValueString(), r.URL) {
		m.URL = semtype.NewURL(r.URL)
	}
	m.AccessKey = types.StringNull()
	m.AccessSecretWO = types.StringNull()
	if r.Credential == nil || r.Credential.AccessKey == "" && r.Credential.AccessSecret == "" {
		// The secret is gone too: forget its version, so that it is sent again.
		m.AccessSecretWOVersion = types.Int64Null()
		m.CredentialType = types.StringValue("basic")
		return
	}
	m.AccessKey = textOrNull(r.Credential.AccessKey)
	m.CredentialType = types.StringValue(r.CredentialType())
}

// textOrNull maps Harbor's "" for absent to null.
func textOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
