package cluster

import (
	"cmp"
	"fmt"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/crud"
)

// ssh is what is no secret of the way to a machine. It is laid over the
// provider's block, which has the secrets: a write-only attribute would be null
// when drift is looked for, and when the cluster is destroyed.
type ssh struct {
	User           types.String `tfsdk:"user"`
	Port           types.Int64  `tfsdk:"port"`
	PrivateKeyFile types.String `tfsdk:"private_key_file"`
	Bastion        *bastion     `tfsdk:"bastion"`
}

type nodeSSH struct {
	ssh

	Address types.String `tfsdk:"address"`
	HostKey types.String `tfsdk:"host_key"`
}

type bastion struct {
	Host           types.String `tfsdk:"host"`
	Port           types.Int64  `tfsdk:"port"`
	User           types.String `tfsdk:"user"`
	HostKey        types.String `tfsdk:"host_key"`
	PrivateKeyFile types.String `tfsdk:"private_key_file"`
}

// access says how to log in to every node of this model and of another (the
// state before): a node that is to be removed is in that one alone.
func (m *cluster) access(provider remote.Config, other *cluster) (map[string]remote.Config, error) {
	template, err := m.SSH.over(provider, path.Root("ssh"))
	if err != nil {
		return nil, err
	}
	all := map[string]remote.Config{}
	for _, c := range []*cluster{other, m} {
		if c == nil {
			continue
		}
		for name, n := range c.Nodes {
			config, err := n.SSH.over(template, path.Root("nodes").AtMapKey(name).AtName("ssh"))
			if err != nil {
				return nil, err
			}
			config.Host = cmp.Or(config.Host, n.Address.ValueString())
			all[name] = config
		}
	}
	return all, nil
}

// over lays the settings over those of a template.
func (s *ssh) over(c remote.Config, at path.Path) (remote.Config, error) {
	if s == nil {
		return c, nil
	}
	c.User = cmp.Or(s.User.ValueString(), c.User)
	c.Port = cmp.Or(int(s.Port.ValueInt64()), c.Port)
	if err := readKey(&c, s.PrivateKeyFile, at); err != nil {
		return c, err
	}
	if s.Bastion == nil {
		return c, nil
	}
	b, err := s.Bastion.over(c, at.AtName("bastion"))
	c.Bastion = &b
	return c, err
}

func (s *nodeSSH) over(c remote.Config, at path.Path) (remote.Config, error) {
	if s == nil {
		return c, nil
	}
	c.Host = s.Address.ValueString()
	if !s.HostKey.IsNull() {
		c.HostKeys = []string{s.HostKey.ValueString()}
	}
	return s.ssh.over(c, at)
}

// over starts from the provider's bastion where it has one, so that its secrets
// serve another one too; and from the machine's own credentials otherwise.
func (b *bastion) over(c remote.Config, at path.Path) (remote.Config, error) {
	t := c
	t.SudoPassword, t.HostKeys, t.Port = "", nil, 0
	if c.Bastion != nil {
		t = *c.Bastion
	}
	if t.Host != b.Host.ValueString() { // another machine, with a key of its own
		t.HostKeys, t.Port = nil, 0
	}
	t.Bastion = nil
	t.Host = b.Host.ValueString()
	t.Port = cmp.Or(int(b.Port.ValueInt64()), t.Port)
	t.User = cmp.Or(b.User.ValueString(), t.User)
	if !b.HostKey.IsNull() {
		t.HostKeys = []string{b.HostKey.ValueString()}
	}
	return t, readKey(&t, b.PrivateKeyFile, at)
}

func readKey(c *remote.Config, file types.String, at path.Path) error {
	if file.IsNull() {
		return nil
	}
	key, err := os.ReadFile(clients.ExpandHome(file.ValueString()))
	if err != nil {
		return crud.At(at.AtName("private_key_file"), fmt.Errorf("the private key cannot be read: %w", err))
	}
	c.PrivateKeys = []string{string(key)}
	return nil
}
