package provider

import (
	"context"
	"os"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/semtype"
)

type sshBlock struct {
	sshLogin

	SudoPassword   types.String     `tfsdk:"sudo_password"`
	Agent          types.Bool       `tfsdk:"agent"`
	KnownHostsFile types.String     `tfsdk:"known_hosts_file"`
	ConnectTimeout semtype.Duration `tfsdk:"connect_timeout"`
	Legacy         types.Bool       `tfsdk:"legacy_algorithms"`
	Bastion        *bastionBlock    `tfsdk:"bastion"`
}

// sshLogin is what a machine and a bastion have in common.
type sshLogin struct {
	User                 types.String `tfsdk:"user"`
	Port                 types.Int64  `tfsdk:"port"`
	PrivateKey           types.String `tfsdk:"private_key"`
	PrivateKeyFile       types.String `tfsdk:"private_key_file"`
	PrivateKeyPassphrase types.String `tfsdk:"private_key_passphrase"`
	Password             types.String `tfsdk:"password"`
}

type bastionBlock struct {
	sshLogin

	Host    types.String `tfsdk:"host"`
	HostKey types.String `tfsdk:"host_key"`
}

const (
	sshPrefix     = "ONPREM_SSH"
	bastionPrefix = sshPrefix + "_BASTION"
	userKnown     = "~/.ssh/known_hosts"
)

func sshAttribute() schema.Attribute {
	attributes := loginAttributes(sshPrefix, map[string]schema.Attribute{
		"sudo_password": schema.StringAttribute{
			Optional: true, Sensitive: true,
			MarkdownDescription: "Password for sudo, where it asks for one. Environment: `ONPREM_SSH_SUDO_PASSWORD`.",
		},
		"agent": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether to use the keys of the agent at `SSH_AUTH_SOCK`. Defaults to `true` when neither a key nor a password is given. " +
				"Environment: `ONPREM_SSH_AGENT`.",
		},
		"known_hosts_file": schema.StringAttribute{
			Optional: true,
			MarkdownDescription: "File with the host keys that machines must show, where a resource does not say `host_key`. Defaults to `" + userKnown +
				"`. Environment: `ONPREM_SSH_KNOWN_HOSTS_FILE`.",
		},
		"connect_timeout": schema.StringAttribute{
			CustomType: semtype.DurationType{}, Optional: true,
			MarkdownDescription: "How long one try to log in may take. Defaults to `15s`. Environment: `ONPREM_SSH_CONNECT_TIMEOUT`.",
		},
		"legacy_algorithms": schema.BoolAttribute{
			Optional: true,
			MarkdownDescription: "Whether key exchange and message authentication may use SHA-1, for machines whose SSH server is too old for anything else. " +
				"Defaults to `false`. Environment: `ONPREM_SSH_LEGACY_ALGORITHMS`.",
		},
	})
	attributes["bastion"] = schema.SingleNestedAttribute{
		Optional:            true,
		MarkdownDescription: "Machine to go through to all others. Its host key is checked too. Credentials that are missing here are those of the machines.",
		Attributes: loginAttributes(bastionPrefix, map[string]schema.Attribute{
			"host": schema.StringAttribute{Optional: true, MarkdownDescription: "Its name or address. Environment: `ONPREM_SSH_BASTION_HOST`."},
			"host_key": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Host key it must show: `ssh-ed25519 AAAA…` or `SHA256:…`. Environment: `ONPREM_SSH_BASTION_HOST_KEY`.",
			},
		}),
	}
	return schema.SingleNestedAttribute{
		Optional: true,
		MarkdownDescription: "How to log in to the machines of `onprem_kubernetes_cluster` and what belongs to it. Secrets stand here and never in state. A key that " +
			"nobody vouched for is never accepted.",
		Attributes: attributes,
	}
}

func loginAttributes(prefix string, others map[string]schema.Attribute) map[string]schema.Attribute {
	attributes := map[string]schema.Attribute{
		"user": schema.StringAttribute{
			Optional: true, MarkdownDescription: "User to log in as. Defaults to `root`; anybody else needs sudo. Environment: `" + prefix + "_USER`.",
		},
		"port": schema.Int64Attribute{
			Optional: true, Validators: []validator.Int64{int64validator.Between(1, 65535)},
			MarkdownDescription: "Port of the SSH server. Defaults to `22`. Environment: `" + prefix + "_PORT`.",
		},
		"private_key": schema.StringAttribute{
			Optional: true, Sensitive: true,
			Validators:          []validator.String{stringvalidator.ConflictsWith(path.MatchRelative().AtParent().AtName("private_key_file"))},
			MarkdownDescription: "Private key in PEM form, in place. Environment: `" + prefix + "_PRIVATE_KEY`.",
		},
		"private_key_file": schema.StringAttribute{
			Optional: true, MarkdownDescription: "File with the private key. Environment: `" + prefix + "_PRIVATE_KEY_FILE`.",
		},
		"private_key_passphrase": schema.StringAttribute{
			Optional: true, Sensitive: true, MarkdownDescription: "Passphrase of the private key. Environment: `" + prefix + "_PRIVATE_KEY_PASSPHRASE`.",
		},
		"password": schema.StringAttribute{
			Optional: true, Sensitive: true, MarkdownDescription: "Password to log in with, where there is no key. Environment: `" + prefix + "_PASSWORD`.",
		},
	}
	for name, a := range others {
		attributes[name] = a
	}
	return attributes
}

// sshSettings are always there: machines may be reached by an agent and a
// known_hosts file alone.
func sshSettings(ctx context.Context, o types.Object, diags *diag.Diagnostics) func() (remote.Config, error) {
	var m sshBlock
	b := &block{name: "ssh", prefix: sshPrefix, err: decode(ctx, "ssh", o, &m, diags)}
	c := b.login(m.sshLogin)
	c.SudoPassword = b.text("sudo_password", m.SudoPassword)
	c.KnownHostsFile = b.knownHosts(m.KnownHostsFile)
	c.ConnectTimeout = b.duration("connect_timeout", m.ConnectTimeout)
	c.LegacyAlgorithms = b.flag("legacy_algorithms", m.Legacy)
	c.Agent = len(c.PrivateKeys) == 0 && c.Password == ""
	if !m.Agent.IsNull() || os.Getenv(b.variable("agent")) != "" {
		c.Agent = b.flag("agent", m.Agent)
	}
	c.Bastion = b.bastion(m.Bastion, c)
	return func() (remote.Config, error) { return c, b.err }
}

func (b *block) login(m sshLogin) remote.Config {
	c := remote.Config{
		User:       b.text("user", m.User),
		Port:       b.number("port", m.Port),
		Passphrase: b.text("private_key_passphrase", m.PrivateKeyPassphrase),
		Password:   b.text("password", m.Password),
		Log:        logRequest,
	}
	if key := b.inPlaceOrFile("private_key", m.PrivateKey, "private_key_file", m.PrivateKeyFile); key != "" {
		c.PrivateKeys = []string{key}
	}
	return c
}

// bastion returns the machine to go through; nil when there is none. What
// it does not say of its own is as for the machines.
func (b *block) bastion(m *bastionBlock, machine remote.Config) *remote.Config {
	if m == nil {
		m = &bastionBlock{}
	}
	of := &block{name: "ssh.bastion", prefix: bastionPrefix}
	c := of.login(m.sshLogin)
	c.Host = of.text("host", m.Host)
	if key := of.text("host_key", m.HostKey); key != "" {
		c.HostKeys = []string{key}
	}
	if of.err != nil {
		b.fail(of.err)
	}
	if c.Host == "" {
		return nil
	}
	if c.User == "" {
		c.User = machine.User
	}
	if len(c.PrivateKeys) == 0 && c.Password == "" {
		c.PrivateKeys, c.Passphrase, c.Password, c.Agent = machine.PrivateKeys, machine.Passphrase, machine.Password, machine.Agent
	}
	c.KnownHostsFile, c.ConnectTimeout, c.LegacyAlgorithms = machine.KnownHostsFile, machine.ConnectTimeout, machine.LegacyAlgorithms
	return &c
}

// knownHosts defaults to the user's own file, where there is one.
func (b *block) knownHosts(v types.String) string {
	if file := b.text("known_hosts_file", v); file != "" {
		return clients.ExpandHome(file)
	}
	file := clients.ExpandHome(userKnown)
	if _, err := os.Stat(file); err != nil {
		return ""
	}
	return file
}
