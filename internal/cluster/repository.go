package cluster

import (
	"context"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// repositoryURL checks the URL of a package repository, in which "%s" stands for
// the minor version. It goes to the machines as it is, into files that everybody
// there may read: credentials have no place in it.
type repositoryURL struct{}

// Description implements validator.Describer.
func (repositoryURL) Description(context.Context) string {
	return "a URL with http or https, a host and no credentials"
}

// MarkdownDescription implements validator.Describer.
func (v repositoryURL) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString implements validator.String.
func (v repositoryURL) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	u, err := url.Parse(strings.ReplaceAll(req.ConfigValue.ValueString(), "%s", "v1.34"))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid URL", "Want "+v.Description(ctx)+": https://packages.example.internal/kubernetes/%s/deb/")
	case u.User != nil:
		resp.Diagnostics.AddAttributeError(req.Path, "Credentials in a URL", "Everybody on the machines could read them. "+
			"Take them out, and give them to the package manager of the machines: /etc/apt/auth.conf.d for apt.")
	}
}
