package kubevirt_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/acctest/objecttest"
	"github.com/onprem-tools/terraform-provider-onprem/internal/kube/kubetest"
)

func TestMain(m *testing.M) { os.Exit(kubetest.Main(m)) }

const (
	data     = "data.onprem_kubevirt_virtual_machine_instances.all"
	machines = `
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: test-vm-1, namespace: NAMESPACE, labels: {os: ubuntu}}
spec: {domain: {devices: {}}}
status:
  phase: Running
  nodeName: worker-01
  interfaces:
  - {name: default, ipAddress: fe80::1, ipAddresses: ["fe80::1", "10.244.1.5/24", "10.244.1.5", "127.0.0.1", "2001:db8::5"]}
  - {name: storage, ipAddress: 192.168.50.5, ipAddresses: [192.168.50.5]}
---
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: new, namespace: NAMESPACE, labels: {os: ubuntu}}
spec: {domain: {devices: {}}}
---
apiVersion: kubevirt.io/v1
kind: VirtualMachineInstance
metadata: {name: win11, namespace: NAMESPACE, labels: {os: windows}}
spec: {domain: {devices: {}}}
status: {phase: Scheduled, nodeName: gpu-01, interfaces: [{name: default, ipAddress: fe80::2}]}
`
)

func TestVirtualMachineInstances(t *testing.T) {
	t.Parallel()
	c := kubetest.Shared(t)
	namespace := c.Namespace(t)
	if err := c.Create(t.Context(), strings.NewReader(strings.ReplaceAll(machines, "NAMESPACE", namespace))); err != nil {
		t.Fatal(err)
	}
	find := func(body string) string {
		return objecttest.Provider(c.Kubeconfig()) + fmt.Sprintf(`
			data "onprem_kubevirt_virtual_machine_instances" "all" {
				namespace = %q
				%s
			}
			output "by_name" {
				value = { for vm in data.onprem_kubevirt_virtual_machine_instances.all.instances : vm.name => coalesce(vm.ip_address, "none") }
			}`, namespace, body)
	}
	text := knownvalue.StringExact
	found := func(addresses map[string]knownvalue.Check) statecheck.StateCheck {
		return statecheck.ExpectKnownOutputValue("by_name", knownvalue.MapExact(addresses))
	}
	first := knownvalue.MapExact(map[string]knownvalue.Check{"test-vm-1": text("10.244.1.5")})
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories,
		Steps: []resource.TestStep{
			{Config: find(`label_selector = "os in ubuntu"`), ExpectError: acctest.Says("not a label selector")},
			{Config: find(`phase = "running"`), ExpectError: acctest.Says(`"Running"`)},
			{
				Config: find(""),
				ConfigStateChecks: []statecheck.StateCheck{
					found(map[string]knownvalue.Check{"test-vm-1": text("10.244.1.5"), "new": text("none"), "win11": text("none")}),
					statecheck.ExpectKnownValue(data, tfjsonpath.New("instances").AtSliceIndex(1), knownvalue.ObjectExact(map[string]knownvalue.Check{
						"namespace": text(namespace), "name": text("test-vm-1"), "uid": knownvalue.NotNull(), "phase": text("Running"),
						"node_name":    text("worker-01"),
						"labels":       knownvalue.MapExact(map[string]knownvalue.Check{"os": text("ubuntu")}),
						"ip_address":   text("10.244.1.5"),
						"ip_addresses": knownvalue.ListExact([]knownvalue.Check{text("10.244.1.5"), text("2001:db8::5"), text("192.168.50.5")}),
					})),
				},
			},
			{Config: find(`with_address = true`), ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("by_name", first)}},
			{Config: find(`phase = "Running"`), ConfigStateChecks: []statecheck.StateCheck{statecheck.ExpectKnownOutputValue("by_name", first)}},
			{
				Config:            find(`label_selector = "os notin (ubuntu)"`),
				ConfigStateChecks: []statecheck.StateCheck{found(map[string]knownvalue.Check{"win11": text("none")})},
			},
			{Config: find(`label_selector = "os=plan9"`), ConfigStateChecks: []statecheck.StateCheck{found(nil)}},
		},
	})
}
