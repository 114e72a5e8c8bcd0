package provider

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/onprem-tools/terraform-provider-onprem/internal/api"
	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

// block reads the settings of one system: from HCL where they are written, from
// the environment (PREFIX_SETTING) otherwise. The first problem is kept.
type block struct {
	name      string
	prefix    string
	variables map[string]string // of settings whose variable is named otherwise
	err       error
}

// text returns a setting.
func (b *block) text(name string, v basetypes.StringValuable) string {
	if v.IsUnknown() {
		b.fail(&clients.UnknownError{Block: b.name, Setting: name})
		return ""
	}
	if v.IsNull() {
		return os.Getenv(b.variable(name))
	}
	s, _ := v.ToStringValue(context.Background())
	return s.ValueString()
}

// flag returns a setting that is true or false.
func (b *block) flag(name string, v types.Bool) bool {
	if v.IsUnknown() {
		b.fail(&clients.UnknownError{Block: b.name, Setting: name})
		return false
	}
	text := os.Getenv(b.variable(name))
	if !v.IsNull() || text == "" {
		return v.ValueBool()
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		b.fail(fmt.Errorf("%s is %q, want true or false", b.variable(name), text))
	}
	return on
}

// number returns a setting that counts something; 0 when it is not set.
func (b *block) number(name string, v types.Int64) int {
	if v.IsUnknown() {
		b.fail(&clients.UnknownError{Block: b.name, Setting: name})
		return 0
	}
	text := os.Getenv(b.variable(name))
	if !v.IsNull() || text == "" {
		return int(v.ValueInt64())
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		b.fail(fmt.Errorf("%s is %q, want a whole number", b.variable(name), text))
	}
	return n
}

// retries returns max_retries as clients want it: negative for none, where 0
// stands for the default.
func (b *block) retries(v types.Int64) int {
	n := b.number("max_retries", v)
	if n == 0 && (!v.IsNull() || os.Getenv(b.variable("max_retries")) != "") {
		return -1
	}
	return n
}

// duration returns a setting that is a length of time; 0 when it is not set.
func (b *block) duration(name string, v semtype.Duration) time.Duration {
	text := b.text(name, v)
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		b.fail(fmt.Errorf("%s is %q, want a duration such as 30s", name, text))
	}
	return d
}

// texts returns a setting that is a map; the environment has no form for it.
func (b *block) texts(name string, v types.Map) map[string]string {
	if v.IsUnknown() {
		b.fail(&clients.UnknownError{Block: b.name, Setting: name})
		return nil
	}
	m := make(map[string]string, len(v.Elements())+2)
	for key, element := range v.Elements() {
		s, ok := element.(types.String)
		if !ok || s.IsUnknown() {
			b.fail(&clients.UnknownError{Block: b.name, Setting: name})
			continue
		}
		m[key] = s.ValueString()
	}
	return m
}

// pem returns what is given in place, or in a file.
func (b *block) pem(name string, inPlace, file types.String) string {
	return b.inPlaceOrFile(name+"_pem", inPlace, name+"_file", file)
}

// inPlaceOrFile returns one setting, or the content of the file that another
// one names.
func (b *block) inPlaceOrFile(name string, inPlace types.String, fileName string, file types.String) string {
	if text := b.text(name, inPlace); text != "" {
		return text
	}
	from := b.text(fileName, file)
	if from == "" {
		return ""
	}
	content, err := os.ReadFile(clients.ExpandHome(from))
	if err != nil {
		b.fail(fmt.Errorf("`%s` in the provider's `%s` block: %w", fileName, b.name, err))
	}
	return string(content)
}

func (b *block) variable(setting string) string {
	if v, ok := b.variables[setting]; ok {
		return v
	}
	return b.prefix + "_" + strings.ToUpper(setting)
}

func (b *block) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// configured reports whether a system's block is written, or its key setting is
// in the environment.
func configured(o types.Object, variables ...string) bool {
	if !o.IsNull() {
		return true
	}
	for _, v := range variables {
		if os.Getenv(v) != "" {
			return true
		}
	}
	return false
}

// decode decodes a block into m. A block that is missing leaves m as it is: the
// environment has the settings. One that is unknown as a whole is an error
// only for those who need it.
func decode(ctx context.Context, name string, o types.Object, m any, diags *diag.Diagnostics) error {
	if o.IsUnknown() {
		return &clients.UnknownError{Block: name, Setting: name}
	}
	if !o.IsNull() {
		diags.Append(o.As(ctx, m, basetypes.ObjectAsOptions{})...)
	}
	return nil
}

// httpBlock has the settings that all HTTP systems share.
type httpBlock struct {
	CACertFile     types.String     `tfsdk:"ca_cert_file"`
	CACertPEM      types.String     `tfsdk:"ca_cert_pem"`
	ClientCertFile types.String     `tfsdk:"client_cert_file"`
	ClientCertPEM  types.String     `tfsdk:"client_cert_pem"`
	ClientKeyFile  types.String     `tfsdk:"client_key_file"`
	ClientKeyPEM   types.String     `tfsdk:"client_key_pem"`
	Headers        types.Map        `tfsdk:"headers"`
	Insecure       types.Bool       `tfsdk:"insecure"`
	RequestTimeout semtype.Duration `tfsdk:"request_timeout"`
	MaxRetries     types.Int64      `tfsdk:"max_retries"`
	MaxConcurrent  types.Int64      `tfsdk:"max_concurrent_requests"`
	MaxResponse    types.Int64      `tfsdk:"max_response_mib"`
}

// http returns the settings of h for the system at an address.
func (b *block) http(h httpBlock, urlSetting, address, version string) api.Config {
	c := api.Config{
		System: b.name, URLSetting: urlSetting, URL: address,
		CACertPEM:     b.pem("ca_cert", h.CACertPEM, h.CACertFile),
		ClientCertPEM: b.pem("client_cert", h.ClientCertPEM, h.ClientCertFile),
		ClientKeyPEM:  b.pem("client_key", h.ClientKeyPEM, h.ClientKeyFile),
		Insecure:      b.flag("insecure", h.Insecure),
		Timeout:       b.duration("request_timeout", h.RequestTimeout),
		MaxRetries:    b.retries(h.MaxRetries),
		MaxConcurrent: b.number("max_concurrent_requests", h.MaxConcurrent),
		MaxResponse:   int64(b.number("max_response_mib", h.MaxResponse)) << 20,
		Headers:       b.texts("headers", h.Headers),
		Log:           logRequest,
	}
	c.Headers["User-Agent"] = userAgent(version)
	if address == "" && b.err == nil {
		b.fail(fmt.Errorf("`%s` in the provider's `%s` block is not set, and neither is %s", urlSetting, b.name, b.variable(urlSetting)))
	}
	return c
}

func userAgent(version string) string { return "terraform-provider-onprem/" + version }

// logRequest keeps clients free of Terraform.
func logRequest(ctx context.Context, msg string, fields map[string]any) {
	tflog.Debug(ctx, msg, fields)
}

// warnInsecure tells that certificates are not verified.
func (b *block) warnInsecure(insecure bool, diags *diag.Diagnostics) {
	if !insecure {
		return
	}
	diags.AddAttributeWarning(path.Root(b.name).AtName("insecure"), "Certificates are not verified",
		fmt.Sprintf("`insecure` is set for %s: anyone on the network can read the credentials and change the answers. "+
			"Trust the certificate's authority instead.", b.name))
}

// warnPlain tells that credentials are sent to a system without TLS. On the
// loopback nobody listens in.
func (b *block) warnPlain(setting, address string, credentials bool, diags *diag.Diagnostics) {
	if !credentials || !isPlain(address) {
		return
	}
	diags.AddAttributeWarning(path.Root(b.name).AtName(setting), "Credentials are sent without encryption",
		fmt.Sprintf("`%s` of %s starts with http:// and there are credentials: anyone on the network can read them and change the answers. "+
			"Use https://.", setting, b.name))
}

// isPlain reports whether an address is another machine's, without TLS.
func isPlain(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "http" && !isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// httpAttributes adds the settings that all HTTP systems share to attributes.
func httpAttributes(prefix string, attributes map[string]schema.Attribute) map[string]schema.Attribute {
	env := func(name string) string { return fmt.Sprintf(" Environment: `%s_%s`.", prefix, strings.ToUpper(name)) }
	text := func(name, description string, others ...string) schema.StringAttribute {
		a := schema.StringAttribute{Optional: true, MarkdownDescription: description + env(name)}
		for _, other := range others {
			a.Validators = append(a.Validators, stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName(other)))
		}
		return a
	}
	key := text("client_key_pem", "Private key of the client certificate, in place.", "client_key_file")
	key.Sensitive = true
	shared := map[string]schema.Attribute{
		"ca_cert_file":     text("ca_cert_file", "File with the certificates of further authorities to trust, in PEM form.", "ca_cert_pem"),
		"ca_cert_pem":      text("ca_cert_pem", "Certificates of further authorities to trust, in PEM form, in place."),
		"client_cert_file": text("client_cert_file", "File with the certificate this provider presents, in PEM form.", "client_cert_pem"),
		"client_cert_pem":  text("client_cert_pem", "Certificate this provider presents, in PEM form, in place."),
		"client_key_file":  text("client_key_file", "File with the private key of the client certificate."),
		"client_key_pem":   key,
		"headers": schema.MapAttribute{
			ElementType: types.StringType, Optional: true, Sensitive: true,
			MarkdownDescription: "Headers sent with every request, for a proxy in front that wants them.",
		},
		"insecure": schema.BoolAttribute{
			Optional:            true,
			MarkdownDescription: "Whether to accept any server certificate. Defaults to `false`; `true` warns in every run." + env("insecure"),
		},
		"request_timeout": schema.StringAttribute{
			CustomType: semtype.DurationType{}, Optional: true,
			MarkdownDescription: "How long to wait for one answer. Defaults to `30s`." + env("request_timeout"),
		},
		"max_retries": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(0, 20)},
			MarkdownDescription: "How often a request that may safely be repeated is sent again after a lost connection, 429 or 5xx, with growing waits " +
				"that honour `Retry-After`, two minutes at most. Defaults to `4`, 0 to 20." + env("max_retries"),
		},
		"max_concurrent_requests": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 1000)},
			MarkdownDescription: "How many requests may be under way at once. Defaults to `64`, 1 to 1000." + env("max_concurrent_requests"),
		},
	}
	shared["max_response_mib"] = maxResponseAttribute(prefix)
	for name, a := range attributes {
		shared[name] = a
	}
	return shared
}

func maxResponseAttribute(prefix string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Validators: []validator.Int64{int64validator.Between(1, 1024)},
		MarkdownDescription: "How many MiB one answer may have, unpacked. What is larger is an error, since nothing that is asked for has that size. " +
			"Defaults to `32`, 1 to 1024. Environment: `" + prefix + "_MAX_RESPONSE_MIB`.",
	}
}
