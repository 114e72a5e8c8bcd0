package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	eschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// NewKubeconfigEphemeral reads the administrator's kubeconfig and stores it
// nowhere.
func NewKubeconfigEphemeral() ephemeral.EphemeralResource { return &kubeconfigEphemeral{open: open} }

type kubeconfigEphemeral struct {
	open    opener
	clients *clients.Set
}

var _ ephemeral.EphemeralResourceWithConfigure = (*kubeconfigEphemeral)(nil)

type kubeconfigModel struct {
	entry
	kubeconfig
}

// kubeconfig is an administrator's kubeconfig, whole and in parts.
type kubeconfig struct {
	Kubeconfig           types.String `tfsdk:"kubeconfig"`
	Host                 types.String `tfsdk:"host"`
	ClusterCACertificate types.String `tfsdk:"cluster_ca_certificate"`
	ClientCertificate    types.String `tfsdk:"client_certificate"`
	ClientKey            types.String `tfsdk:"client_key"`
}

// Metadata implements ephemeral.EphemeralResource.
func (e *kubeconfigEphemeral) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_kubernetes_kubeconfig"
}

// Schema implements ephemeral.EphemeralResource.
func (e *kubeconfigEphemeral) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	text := func(sensitive bool, description string) schema.Attribute {
		return schema.StringAttribute{Computed: true, Sensitive: sensitive, MarkdownDescription: description}
	}
	resp.Schema = eschema.Schema{
		MarkdownDescription: "The administrator's kubeconfig of a cluster made with kubeadm, read from a control plane in every run and stored neither in state nor in a " +
			"plan. Needs Terraform or OpenTofu 1.11.",
		Attributes: entryAttributes[eschema.Attribute](map[string]schema.Attribute{
			"kubeconfig":             text(true, "The whole file, as it is in `/etc/kubernetes/admin.conf`."),
			"host":                   text(false, "Address of the API server: `https://192.168.1.100:6443` (the file calls it `server`)."),
			"cluster_ca_certificate": text(false, "Certificate of the cluster's authority, in PEM form (the file calls it `certificate-authority-data`)."),
			"client_certificate":     text(false, "The administrator's certificate, in PEM form (the file calls it `client-certificate-data`)."),
			"client_key":             text(true, "Private key of it, in PEM form (the file calls it `client-key-data`)."),
		}),
	}
}

// Configure implements ephemeral.EphemeralResourceWithConfigure.
func (e *kubeconfigEphemeral) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.clients, _ = req.ProviderData.(*clients.Set)
}

// Open implements ephemeral.EphemeralResource.
func (e *kubeconfigEphemeral) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m kubeconfigModel
	if resp.Diagnostics.Append(req.Config.Get(ctx, &m)...); resp.Diagnostics.HasError() {
		return
	}
	if err := e.read(ctx, &m); err != nil {
		crud.Report(ctx, &resp.Diagnostics, "Unable to read onprem_kubernetes_kubeconfig", err)
		return
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
}

func (e *kubeconfigEphemeral) read(ctx context.Context, m *kubeconfigModel) error {
	return m.visit(ctx, e.clients, e.open, func(ctx context.Context, o operator, c remote.Config) error {
		text, err := o.Kubeconfig(ctx, door(c))
		if err != nil {
			return err
		}
		m.kubeconfig, err = parseKubeconfig(text)
		return err
	})
}

func parseKubeconfig(text []byte) (kubeconfig, error) {
	k := kubeconfig{Kubeconfig: types.StringValue(string(text))}
	file, err := clientcmd.Load(text)
	if err != nil {
		return k, fmt.Errorf("the kubeconfig cannot be parsed: %w", err)
	}
	current := file.Contexts[file.CurrentContext]
	if current == nil || file.Clusters[current.Cluster] == nil || file.AuthInfos[current.AuthInfo] == nil {
		return k, errors.New("the kubeconfig has no current context with a cluster and a user")
	}
	cluster, user := file.Clusters[current.Cluster], file.AuthInfos[current.AuthInfo]
	k.Host = types.StringValue(cluster.Server)
	k.ClusterCACertificate = types.StringValue(string(cluster.CertificateAuthorityData))
	k.ClientCertificate = types.StringValue(string(user.ClientCertificateData))
	k.ClientKey = types.StringValue(string(user.ClientKeyData))
	return k, nil
}
