package harbor

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
	"github.com/onprem-tools/terraform-provider-onprem/internal/harbor/harborapi"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// NewRegistryDataSource reads a registry endpoint by its name.
var NewRegistryDataSource = crud.NewData(crud.DataSpec[registryData, *harborapi.Client]{
	Name: "harbor_registry", Client: (*clients.Set).Harbor, Schema: registryDataSchema, Read: readRegistryData,
})

type registryData struct {
	ID             types.Int64  `tfsdk:"id"`
	Name           types.String `tfsdk:"name"`
	Description    types.String `tfsdk:"description"`
	Type           types.String `tfsdk:"type"`
	URL            semtype.URL  `tfsdk:"url"`
	Insecure       types.Bool   `tfsdk:"insecure"`
	CACertificate  types.String `tfsdk:"ca_certificate"`
	CredentialType types.String `tfsdk:"credential_type"`
	AccessKey      types.String `tfsdk:"access_key"`
	Status         types.String `tfsdk:"status"`
}

func registryDataSchema(context.Context) schema.Schema {
	return schema.Schema{
		MarkdownDescription: "A registry endpoint of Harbor that something else manages.",
		Attributes: map[string]schema.Attribute{
			"name":           schema.StringAttribute{Required: true, MarkdownDescription: "Name of the registry."},
			"id":             schema.Int64Attribute{Computed: true, MarkdownDescription: "Number that Harbor gives the registry."},
			"description":    schema.StringAttribute{Computed: true, MarkdownDescription: "What the registry is for."},
			"type":           schema.StringAttribute{Computed: true, MarkdownDescription: "Kind of registry, such as `docker-hub`."},
			"url":            schema.StringAttribute{Computed: true, CustomType: semtype.URLType{}, MarkdownDescription: "Address of the registry."},
			"insecure":       schema.BoolAttribute{Computed: true, MarkdownDescription: "Whether Harbor takes any certificate of the registry."},
			"ca_certificate": schema.StringAttribute{Computed: true, MarkdownDescription: "Certificate authority of the registry, in PEM form (Harbor 2.15)."},
			"credential_type": schema.StringAttribute{
				Computed: true, MarkdownDescription: "How the credential is used; null when there is none.",
			},
			"access_key": schema.StringAttribute{Computed: true, MarkdownDescription: "Account at the registry."},
			"status":     schema.StringAttribute{Computed: true, MarkdownDescription: "Whether Harbor reaches the registry: `healthy` or `unhealthy`."},
		},
	}
}

func readRegistryData(ctx context.Context, c *harborapi.Client, m *registryData) error {
	r, err := c.RegistryByName(ctx, m.Name.ValueString())
	if err != nil {
		return err
	}
	*m = registryData{
		ID: types.Int64Value(r.ID), Name: types.StringValue(r.Name), Description: textOrNull(r.Description),
		Type: types.StringValue(r.Type), URL: semtype.NewURL(r.URL), Insecure: types.BoolValue(r.Insecure),
		CACertificate: textOrNull(r.CACertificate), Status: textOrNull(r.Status),
	}
	if r.Credential != nil {
		m.AccessKey, m.CredentialType = textOrNull(r.Credential.AccessKey), textOrNull(r.Credential.Type)
	}
	return nil
}
