package cluster

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	test "github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/operate"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

// site has simulated machines at the addresses of a configuration. All between
// Terraform and SSH is what users have; only the way to an address is a detour,
// because the machines listen on this one.
type site struct {
	*nodesim.Sim
	machines map[string]*nodesim.Machine // by address
}

func newSite(t *testing.T, addresses map[string]string) *site {
	t.Helper()
	s := &site{Sim: nodesim.New(t), machines: map[string]*nodesim.Machine{}}
	for name, address := range addresses {
		s.machines[address] = s.Machine(name, address)
	}
	return s
}

func (s *site) open(progress func(context.Context, operate.Event)) operator {
	return detour{operate.New(progress), s}
}

type detour struct {
	*operate.Operator

	site *site
}

func (d detour) way(t operate.Target) operate.Target {
	t.Access = maps.Clone(t.Access)
	for name, c := range t.Access {
		if m := d.site.machines[c.Host]; m != nil {
			t.Access[name] = m.Access()
		} else {
			t.Access[name] = remote.Config{Host: "127.0.0.1", Port: 1, HostKeys: []string{"SHA256:none"}, Password: "none"}
		}
	}
	return t
}

func (d detour) Observe(ctx context.Context, t operate.Target) (kubeadm.Observed, error) {
	return d.Operator.Observe(ctx, d.way(t))
}

func (d detour) Apply(ctx context.Context, t operate.Target) (kubeadm.Observed, error) {
	return d.Operator.Apply(ctx, d.way(t))
}

func (d detour) Destroy(ctx context.Context, t operate.Target) ([]string, error) {
	return d.Operator.Destroy(ctx, d.way(t))
}

func (d detour) Kubeconfig(ctx context.Context, t operate.Target) ([]byte, error) {
	return d.Operator.Kubeconfig(ctx, d.way(t))
}

func (d detour) JoinToken(ctx context.Context, t operate.Target, ttl time.Duration) (operate.JoinToken, error) {
	return d.Operator.JoinToken(ctx, d.way(t), ttl)
}

// TestLifeOnMachines: made, extended, upgraded, a control plane lost and
// replaced, read, imported, and taken apart, with an empty plan after each.
func TestLifeOnMachines(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{
		"cp-01": "192.168.1.11", "cp-02": "192.168.1.12", "cp-03": "192.168.1.13", "cp-04": "192.168.1.14",
		"worker-01": "192.168.1.21", "gpu-01": "192.168.1.31",
	})
	config := func(changes ...string) string { return seoul(append([]string{"bond0", "eth0"}, changes...)...) }
	gpu := []string{worker01, worker01 + "\n" + `gpu-01 = { role = "worker", address = "192.168.1.31", labels = { gpu = "titan" } }`}
	upgraded := append([]string{"1.34.4", "1.34.5"}, gpu...)
	replaced := append([]string{`cp-03     = { role = "control-plane", address = "192.168.1.13" }`, `cp-04 = { role = "control-plane", address = "192.168.1.14" }`}, upgraded...)
	test.UnitTest(t, test.TestCase{ProtoV6ProviderFactories: factories(s.open), Steps: []test.TestStep{
		{
			Config: config(), ConfigStateChecks: []statecheck.StateCheck{is("ca_certificate", knownvalue.NotNull())},
			Check: func(*terraform.State) error { return inits(s, 1) },
		},
		{Config: config(gpu...), ConfigPlanChecks: actions(map[string]string{"gpu-01": "prepare, join as worker, labels +gpu=titan"})},
		{
			Config: config(upgraded...), ConfigPlanChecks: test.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectKnownValue(address,
				tfjsonpath.New("node_actions").AtMapKey("gpu-01"), knownvalue.StringExact("drain, upgrade 1.34.4 to 1.34.5, uncordon"))}},
			ConfigStateChecks: []statecheck.StateCheck{is("version", knownvalue.StringExact("1.34.5"))},
		},
		{
			PreConfig: s.machines["192.168.1.13"].Off, Config: config(replaced...),
			ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownValue(address, tfjsonpath.New("node_status").AtMapKey("cp-04").AtMapKey("etcd_member"), knownvalue.StringExact("healthy"))},
		},
		{
			Config: config(replaced...) + "\n" + `data "onprem_kubernetes_cluster" "seoul" { address = "192.168.1.12" }`,
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue("data.onprem_kubernetes_cluster.seoul", tfjsonpath.New("etcd_members"), knownvalue.MapSizeExact(3)),
				statecheck.ExpectKnownValue("data.onprem_kubernetes_cluster.seoul", tfjsonpath.New("virtual_ip_holder"), knownvalue.NotNull()),
			},
		},
		{
			Config: config(replaced...), ResourceName: address, ImportState: true, ImportStateId: "192.168.1.11", ImportStateVerify: true,
			ImportStateVerifyIdentifierAttribute: "name", ImportStateVerifyIgnore: []string{"deletion_protection", "virtual_ip", "node_actions"},
		},
	}})
	if s.machines["192.168.1.11"].Exists("/etc/kubernetes/admin.conf") {
		t.Error("the destroy left admin.conf on cp-01")
	}
}

func inits(s *site, want int) error {
	if got := s.Inits(); len(got) != want {
		return fmt.Errorf("initialised %d times: %v", len(got), got)
	}
	return nil
}
