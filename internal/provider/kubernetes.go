package provider

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

type kubernetesBlock struct {
	ConfigPath           types.String     `tfsdk:"config_path"`
	ConfigPaths          types.List       `tfsdk:"config_paths"`
	ConfigContext        types.String     `tfsdk:"config_context"`
	InClusterConfig      types.Bool       `tfsdk:"in_cluster_config"`
	Host                 semtype.URL      `tfsdk:"host"`
	Token                types.String     `tfsdk:"token"`
	ClusterCACertificate types.String     `tfsdk:"cluster_ca_certificate"`
	ClientCertificate    types.String     `tfsdk:"client_certificate"`
	ClientKey            types.String     `tfsdk:"client_key"`
	Exec                 *execBlock       `tfsdk:"exec"`
	Insecure             types.Bool       `tfsdk:"insecure"`
	TLSServerName        types.String     `tfsdk:"tls_server_name"`
	ProxyURL             types.String     `tfsdk:"proxy_url"`
	FieldManager         types.String     `tfsdk:"field_manager"`
	RequestTimeout       semtype.Duration `tfsdk:"request_timeout"`
	MaxRetries           types.Int64      `tfsdk:"max_retries"`
	MaxConcurrent        types.Int64      `tfsdk:"max_concurrent_requests"`
	MaxResponse          types.Int64      `tfsdk:"max_response_mib"`
}

type execBlock struct {
	APIVersion types.String `tfsdk:"api_version"`
	Command    types.String `tfsdk:"command"`
	Args       types.List   `tfsdk:"args"`
	Env        types.Map    `tfsdk:"env"`
}

// The variables are those that the Kubernetes and Helm providers read too.
func kubernetesAttribute() schema.Attribute {
	text := func(description string, sensitive bool) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, Sensitive: sensitive, MarkdownDescription: description}
	}
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "The Kubernetes cluster that Calico, MetalLB and KubeVirt run in. Give kubeconfig files, or a host with credentials, or " +
			"`in_cluster_config`. Which cluster it is never comes half from here and half from the environment: when any of `config_path`, `config_paths`, " +
			"`config_context`, `in_cluster_config`, `host`, `cluster_ca_certificate`, `insecure`, `tls_server_name` and `proxy_url` is written, the " +
			"variables of all these are ignored, and those of the credentials too unless a `host` is written without a kubeconfig.",
		Attributes: map[string]schema.Attribute{
			"config_path": schema.StringAttribute{
				Optional:            true,
				Validators:          []validator.String{stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName("config_paths"))},
				MarkdownDescription: "Kubeconfig file, not empty. Environment: `KUBE_CONFIG_PATH`.",
			},
			"config_paths": schema.ListAttribute{
				ElementType: types.StringType, Optional: true,
				MarkdownDescription: "Kubeconfig files, merged in this order; at least one. Environment: `KUBE_CONFIG_PATHS`, separated like `PATH`.",
			},
			"config_context": text("Context to use, not empty. Defaults to the file's current one. Environment: `KUBE_CTX`.", false),
			"in_cluster_config": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to use the cluster whose pod the provider runs in, with the pod's service account. Defaults to `false`: " +
					"a runner that lives in a cluster does not write to it by accident. Environment: `KUBE_IN_CLUSTER_CONFIG`.",
			},
			"host": schema.StringAttribute{
				CustomType: semtype.URLType{}, Optional: true,
				MarkdownDescription: "Address of the API server: `https://192.168.1.100:6443`, not empty. Wins over the kubeconfig's. Environment: `KUBE_HOST`.",
			},
			"token":                  text("Bearer token. Environment: `KUBE_TOKEN`.", true),
			"cluster_ca_certificate": text("Certificates of the authorities to trust, in PEM form. Environment: `KUBE_CLUSTER_CA_CERT_DATA`.", false),
			"client_certificate":     text("Client certificate in PEM form. Environment: `KUBE_CLIENT_CERT_DATA`.", false),
			"client_key":             text("Private key of the client certificate, in PEM form. Environment: `KUBE_CLIENT_KEY_DATA`.", true),
			"exec": schema.SingleNestedAttribute{
				Optional:            true,
				MarkdownDescription: "Program that prints credentials, as in a kubeconfig's `exec`.",
				Attributes: map[string]schema.Attribute{
					"api_version": schema.StringAttribute{
						Required: true, MarkdownDescription: "Version of the protocol: `client.authentication.k8s.io/v1`.",
					},
					"command": schema.StringAttribute{Required: true, MarkdownDescription: "Program to run."},
					"args": schema.ListAttribute{
						ElementType: types.StringType, Optional: true, Sensitive: true, MarkdownDescription: "Its arguments.",
					},
					"env": schema.MapAttribute{
						ElementType: types.StringType, Optional: true, Sensitive: true, MarkdownDescription: "Environment variables added for it.",
					},
				},
			},
			"insecure": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether to accept any server certificate. Defaults to `false`; `true` warns in every run. Environment: `KUBE_INSECURE`.",
			},
			"tls_server_name": text("Name the server's certificate is checked against. Defaults to the host's. Environment: `KUBE_TLS_SERVER_NAME`.", false),
			"proxy_url":       text("Proxy to reach the API server through. Environment: `KUBE_PROXY_URL`.", true),
			"field_manager": schema.StringAttribute{
				Optional: true, Validators: []validator.String{stringvalidator.LengthBetween(1, 128)},
				MarkdownDescription: "Name under which server-side apply owns fields. Defaults to `terraform-provider-onprem`. Environment: `KUBE_FIELD_MANAGER`.",
			},
			"request_timeout": schema.StringAttribute{
				CustomType: semtype.DurationType{}, Optional: true,
				MarkdownDescription: "How long to wait for one answer. Defaults to `30s`. Environment: `KUBE_REQUEST_TIMEOUT`.",
			},
			"max_retries": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(0, 20)},
				MarkdownDescription: "How often a request that may safely be repeated is sent again. Defaults to `4`, 0 to 20. Environment: `KUBE_MAX_RETRIES`.",
			},
			"max_concurrent_requests": schema.Int64Attribute{
				Optional: true, Validators: []validator.Int64{int64validator.Between(1, 1000)},
				MarkdownDescription: "How many requests may be under way at once. Defaults to `64`, 1 to 1000. Environment: `KUBE_MAX_CONCURRENT_REQUESTS`.",
			},
			"max_response_mib": maxResponseAttribute("KUBE"),
		},
	}
}

func kubernetesSettings(ctx context.Context, o types.Object, version string, diags *diag.Diagnostics) func() (kube.Config, error) {
	if !configured(o, "KUBE_CONFIG_PATH", "KUBE_CONFIG_PATHS", "KUBE_HOST", "KUBE_IN_CLUSTER_CONFIG") {
		return nil
	}
	var m kubernetesBlock
	b := &block{name: "kubernetes", prefix: "KUBE", variables: map[string]string{
		"config_context":         "KUBE_CTX",
		"cluster_ca_certificate": "KUBE_CLUSTER_CA_CERT_DATA",
		"client_certificate":     "KUBE_CLIENT_CERT_DATA",
		"client_key":             "KUBE_CLIENT_KEY_DATA",
	}, err: decode(ctx, "kubernetes", o, &m, diags)}
	b.refuseEmpty(m)
	source := "the environment"
	if m.saysWhere() {
		source = "HCL"
		m.onlyWritten()
	}
	c := kube.Config{
		Source:               source,
		ConfigPaths:          b.configPaths(m),
		ConfigContext:        b.text("config_context", m.ConfigContext),
		InCluster:            b.flag("in_cluster_config", m.InClusterConfig),
		Host:                 b.text("host", m.Host),
		Token:                b.text("token", m.Token),
		ClusterCACertificate: b.text("cluster_ca_certificate", m.ClusterCACertificate),
		ClientCertificate:    b.text("client_certificate", m.ClientCertificate),
		ClientKey:            b.text("client_key", m.ClientKey),
		Insecure:             b.flag("insecure", m.Insecure),
		TLSServerName:        b.text("tls_server_name", m.TLSServerName),
		ProxyURL:             b.text("proxy_url", m.ProxyURL),
		FieldManager:         b.text("field_manager", m.FieldManager),
		RequestTimeout:       b.duration("request_timeout", m.RequestTimeout),
		MaxRetries:           b.retries(m.MaxRetries),
		MaxConcurrent:        b.number("max_concurrent_requests", m.MaxConcurrent),
		MaxResponse:          int64(b.number("max_response_mib", m.MaxResponse)) << 20,
		UserAgent:            userAgent(version),
		Log:                  logCluster,
	}
	if m.Exec != nil {
		c.Exec = &kube.Exec{
			APIVersion: b.text("exec.api_version", m.Exec.APIVersion),
			Command:    clients.ExpandHome(b.text("exec.command", m.Exec.Command)),
			Args:       b.list("exec.args", m.Exec.Args),
			Env:        b.texts("exec.env", m.Exec.Env),
		}
	}
	b.warnInsecure(c.Insecure, diags)
	b.warnCluster(c, diags)
	return func() (kube.Config, error) { return c, b.err }
}

// logCluster shows which cluster is used without debugging.
func logCluster(ctx context.Context, msg string, fields map[string]any) {
	if msg == kube.FirstUse {
		tflog.Info(ctx, msg, fields)
		return
	}
	logRequest(ctx, msg, fields)
}

// emptyError is a setting that says which cluster is meant, and is empty: an
// expression has found nothing. Another cluster must not take its place.
type emptyError struct{ setting string }

// Error names the setting.
func (e *emptyError) Error() string {
	return fmt.Sprintf("`%s` in the provider's `kubernetes` block is empty, so that it does not say which cluster is meant", e.setting)
}

// Hint says how to leave it out.
func (e *emptyError) Hint() string {
	return "Correct what it comes from. A setting that is null is left out; the environment then decides, where the block says nothing else of the cluster."
}

// refuseEmpty finds settings that would leave open which cluster is meant. An
// empty host is no URL, which its type refuses.
func (b *block) refuseEmpty(m kubernetesBlock) {
	empty := func(v attr.Value) bool { return v.Equal(types.StringValue("")) }
	if empty(m.ConfigPath) {
		b.fail(&emptyError{"config_path"})
	}
	known := !m.ConfigPaths.IsNull() && !m.ConfigPaths.IsUnknown()
	if known && (len(m.ConfigPaths.Elements()) == 0 || slices.ContainsFunc(m.ConfigPaths.Elements(), empty)) {
		b.fail(&emptyError{"config_paths"})
	}
	if empty(m.ConfigContext) {
		b.fail(&emptyError{"config_context"})
	}
}

// saysWhere reports whether HCL says anything of which cluster is spoken to, and
// how. What is false says nothing.
func (m *kubernetesBlock) saysWhere() bool {
	said := func(v attr.Value) bool { return !v.IsNull() && !v.Equal(types.BoolValue(false)) }
	return slices.ContainsFunc([]attr.Value{
		m.ConfigPath, m.ConfigPaths, m.ConfigContext, m.InClusterConfig, m.Host, m.ClusterCACertificate, m.Insecure, m.TLSServerName, m.ProxyURL,
	}, said)
}

// onlyWritten keeps a cluster that HCL names apart from what the environment
// says of another one: no part of which server it is comes from there, and no
// credentials but those for a host that has none of its own.
func (m *kubernetesBlock) onlyWritten() {
	unset := func(settings ...*types.String) {
		for _, s := range settings {
			if s.IsNull() {
				*s = types.StringValue("")
			}
		}
	}
	if m.Host.IsNull() || !m.ConfigPath.IsNull() || !m.ConfigPaths.IsNull() {
		unset(&m.Token, &m.ClientCertificate, &m.ClientKey)
	}
	if m.ConfigPaths.IsNull() {
		m.ConfigPaths = types.ListValueMust(types.StringType, nil)
	}
	unset(&m.ConfigPath, &m.ConfigContext, &m.Host.StringValue, &m.ClusterCACertificate, &m.TLSServerName, &m.ProxyURL)
	m.InClusterConfig = orFalse(m.InClusterConfig)
	m.Insecure = orFalse(m.Insecure)
}

func orFalse(v types.Bool) types.Bool {
	if v.IsNull() {
		return types.BoolValue(false)
	}
	return v
}

// configPaths returns the kubeconfig files.
func (b *block) configPaths(m kubernetesBlock) []string {
	paths := b.list("config_paths", m.ConfigPaths)
	if p := b.text("config_path", m.ConfigPath); len(paths) == 0 && p != "" {
		paths = []string{p}
	}
	if len(paths) == 0 && m.ConfigPaths.IsNull() {
		paths = filepath.SplitList(os.Getenv("KUBE_CONFIG_PATHS"))
	}
	return slices.DeleteFunc(paths, func(p string) bool { return p == "" })
}

// warnCluster tells what a cluster's configuration leaves open to the network, as
// far as it can be read by now. Whoever uses the cluster hears why it cannot.
func (b *block) warnCluster(c kube.Config, diags *diag.Diagnostics) {
	e, err := c.Endpoint()
	if b.err != nil || err != nil {
		return
	}
	if c.Host != "" {
		b.warnPlain("host", c.Host, e.Credentials, diags)
	} else if e.Credentials && isPlain(e.URL) {
		diags.AddAttributeWarning(path.Root(b.name).AtName("config_path"), "Credentials are sent without encryption",
			fmt.Sprintf("The kubeconfig's server is %s, and there are credentials: anyone on the network can read them and change the answers. Use https://.", e.URL))
	}
	if e.Insecure && !c.Insecure {
		diags.AddAttributeWarning(path.Root(b.name).AtName("config_path"), "Certificates are not verified",
			fmt.Sprintf("The kubeconfig says `insecure-skip-tls-verify` for %s: anyone on the network can read the credentials and change the answers. "+
				"Give the certificate's authority in it instead, as `certificate-authority-data`.", e.URL))
	}
}

// list returns a setting that is a list; nil when it is not set.
func (b *block) list(name string, v types.List) []string {
	if v.IsUnknown() {
		b.fail(&clients.UnknownError{Block: b.name, Setting: name})
		return nil
	}
	var l []string
	for _, element := range v.Elements() {
		s, ok := element.(types.String)
		if !ok || s.IsUnknown() {
			b.fail(&clients.UnknownError{Block: b.name, Setting: name})
			continue
		}
		l = append(l, s.ValueString())
	}
	return l
}
