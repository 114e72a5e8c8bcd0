package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/onprem-tools/terraform-provider-onprem/internal/clients"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// entry is one control plane: all that is needed to find the rest of a cluster.
type entry struct {
	Address types.String `tfsdk:"address"`
	SSH     *entrySSH    `tfsdk:"ssh"`
}

type entrySSH struct {
	ssh

	HostKey types.String `tfsdk:"host_key"`
}

// entryAttributes are those of an entry, beside others, as the kind of attribute
// that a data source, an ephemeral resource or an action has: to the framework
// they are all one.
func entryAttributes[A any](others map[string]schema.Attribute) map[string]A {
	all := merge(others, map[string]schema.Attribute{
		"address": schema.StringAttribute{
			Required: true, Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			MarkdownDescription: "Name or address at which a control plane of the cluster is reached by SSH. Any that runs will do.",
		},
		"ssh": schema.SingleNestedAttribute{
			Optional:            true,
			MarkdownDescription: "How to log in, where it differs from the provider's `ssh` block.",
			Attributes:          merge(sshAttributes(), map[string]schema.Attribute{"host_key": hostKeyAttribute()}),
		},
	})
	out := map[string]A{}
	for name, a := range all {
		out[name], _ = a.(A)
	}
	return out
}

// config says how to log in.
func (e entry) config(set *clients.Set) (remote.Config, error) {
	c, err := set.SSH()
	if err != nil {
		return c, err
	}
	if e.SSH != nil {
		if c, err = e.SSH.over(c, path.Root("ssh")); err != nil {
			return c, err
		}
		if !e.SSH.HostKey.IsNull() {
			c.HostKeys = []string{e.SSH.HostKey.ValueString()}
		}
	}
	c.Host = e.Address.ValueString()
	return c, nil
}

// visit works through the entry, for as long as a look may take.
func (e entry) visit(ctx context.Context, set *clients.Set, open opener, work func(context.Context, operator, remote.Config) error) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	c, err := e.config(set)
	if err != nil {
		return err
	}
	o := open((&progress{}).tell)
	defer o.Close()
	return work(ctx, o, c)
}

// door is the target of which only one control plane is known.
func door(c remote.Config) operate.Target {
	return operate.Target{
		Cluster: kubeadm.Cluster{Nodes: map[string]kubeadm.Node{c.Host: {Role: kubeadm.ControlPlane, Address: c.Host}}},
		Access:  map[string]remote.Config{c.Host: c},
	}
}

// enter looks through a door: what the API and etcd say. It is an error when
// there is no cluster behind.
func enter(ctx context.Context, o operator, c remote.Config) (kubeadm.Observed, error) {
	seen, err := o.Observe(ctx, door(c))
	if err != nil {
		return seen, err
	}
	if seen.Configuration != nil {
		return seen, nil
	}
	reason := cmp.Or(seen.Machines[c.Host].Failure, seen.APIFailure, "it has no cluster made by kubeadm")
	return seen, &noClusterError{host: c.Host, reason: errors.New(reason)}
}

type noClusterError struct {
	host   string
	reason error
}

func (e *noClusterError) Error() string {
	return fmt.Sprintf("no cluster was found through %s: %v", e.host, e.reason)
}

func (e *noClusterError) Unwrap() error { return e.reason }

// Hint implements the hint of an error.
func (e *noClusterError) Hint() string {
	return "Give the SSH address of a control plane that runs. Whoever logs in must be root or may use sudo: " +
		"/etc/kubernetes/admin.conf is read there."
}

// whole is the target of a cluster that was entered: all its nodes, logged in
// to at their own addresses in the way of the door.
func whole(seen kubeadm.Observed, c remote.Config, want func(kubeadm.NodeObject) bool) operate.Target {
	t := operate.Target{
		Cluster: kubeadm.Cluster{
			Name: seen.Configuration.ClusterName, Endpoint: seen.Configuration.Endpoint, Version: seen.Configuration.Version,
			Nodes: map[string]kubeadm.Node{},
		},
		Access: map[string]remote.Config{},
		CAHash: seen.CAHash,
	}
	for name, n := range seen.Nodes {
		if !want(n) {
			continue
		}
		t.Cluster.Nodes[name] = kubeadm.Node{Role: roleOf(n), Address: n.InternalIP}
		access := c
		if access.Host != n.InternalIP {
			access.HostKeys = nil // it is another machine's
		}
		access.Host = n.InternalIP
		t.Access[name] = access
	}
	return t
}

func isControlPlane(n kubeadm.NodeObject) bool { return n.ControlPlane }
