package operate

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// What a machine must have. The numbers of CPUs and MiB are those of kubeadm's own checks.
const (
	minCPUs      = 2
	minMemoryMiB = 1700
	minFreeMiB   = 2048
	maxUsed      = 85 // percent of the disk: the kubelet's default for deleting images and evicting pods
	maxClockOff  = 10 * time.Second
)

// Problem is something about a machine that keeps it from becoming a node.
type Problem struct {
	Node string
	Text string // what is wrong there, and why it matters
	Fix  string // what to do now
	// check is the name of kubeadm's check of the same thing, by which it can be made a warning; "" for one that cannot.
	check string
}

func (p Problem) String() string { return p.Node + ": " + p.Text + ". " + p.Fix }

// PreconditionError is all that is wrong with the machines of a cluster. None of them was changed.
type PreconditionError struct {
	Problems []Problem
}

// Error names every problem, one a line.
func (e *PreconditionError) Error() string {
	lines := []string{"the machines cannot become nodes yet:"}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

// Hint implements the hint of an error.
func (e *PreconditionError) Hint() string {
	return "Nothing was changed on these machines. Correct what is listed and run apply again."
}

// facts is what scripts/facts.sh prints about a machine.
type facts struct {
	values map[string][]string
	// clockOff is how far the machine's clock is ahead of ours, at least.
	clockOff time.Duration
}

func parseFacts(output string) facts {
	f := facts{values: map[string][]string{}}
	for line := range strings.Lines(output) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && value != "" {
			f.values[name] = append(f.values[name], value)
		}
	}
	return f
}

func (f facts) all(name string) []string { return f.values[name] }

func (f facts) text(name string) string { return strings.Join(f.values[name], ", ") }

func (f facts) has(name, value string) bool { return slices.Contains(f.values[name], value) }

func (f facts) number(name string) int {
	n, err := strconv.Atoi(f.text(name))
	if err != nil {
		return -1 // the machine could not tell: no reason to stop
	}
	return n
}

// holder returns what has a TCP port of the machine, "" when it is free.
func (f facts) holder(port string) string {
	for _, line := range f.all("port") {
		number, users, _ := strings.Cut(line, " ")
		if number != port {
			continue
		}
		// users:(("kube-apiserver",pid=812,fd=3))
		if _, rest, ok := strings.Cut(users, `(("`); ok {
			name, rest, _ := strings.Cut(rest, `"`)
			_, pid, _ := strings.Cut(rest, "pid=")
			pid, _, _ = strings.Cut(pid, ",")
			return fmt.Sprintf("%s (process %s)", name, pid)
		}
		return "another process"
	}
	return ""
}

// interfaceOf returns the interface that has an address, "" when none has.
func (f facts) interfaceOf(address string) string {
	want, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	for _, line := range f.all("address") {
		name, text, _ := strings.Cut(line, " ")
		if have, err := netip.ParseAddr(text); err == nil && have == want {
			return name
		}
	}
	return ""
}

// checker judges the facts of one machine.
type checker struct {
	node     string
	want     kubeadm.Node
	cluster  kubeadm.Cluster
	packages Packages
	machine  kubeadm.Machine // versions and evidence of earlier work
	facts    facts

	problems []Problem
	warnings []string
}

func (c *checker) fail(check, text, fix string) {
	c.problems = append(c.problems, Problem{Node: c.node, Text: text, Fix: fix, check: check})
}

func (c *checker) warn(text string) { c.warnings = append(c.warnings, text) }

// run judges everything and turns what the owner wants to ignore into warnings.
func (c *checker) run() {
	c.checkClock()
	c.checkDisk()
	c.checkSize()
	c.checkKernel()
	c.checkAddress()
	c.checkPorts()
	c.checkSoftware()
	c.checkRuntime()
	c.problems = slices.DeleteFunc(c.problems, func(p Problem) bool {
		ignored := p.check != "" && slices.Contains(c.cluster.IgnorePreflightErrors, p.check)
		if ignored {
			c.warn(p.Text + " (ignored: " + p.check + ")")
		}
		return ignored
	})
}

func (c *checker) checkClock() {
	off := c.facts.clockOff
	if off.Abs() <= maxClockOff {
		return
	}
	direction := "ahead of"
	if off < 0 {
		direction = "behind"
	}
	c.fail("", fmt.Sprintf("its clock is %s %s that of the machine that runs Terraform: certificates made on one are not valid on the other", off.Abs().Round(time.Second), direction),
		"Set the clock by NTP (`timedatectl set-ntp true`, or chrony with a server that the site has); if this machine's clock is right, correct the other one.")
}

func (c *checker) checkDisk() {
	for _, dir := range c.facts.all("read_only") {
		c.fail("", dir+" cannot be written to", "Mount it writable. A file system that became read-only by itself has errors: `dmesg` says which.")
	}
	if free := c.facts.number("var_free_kib"); free >= 0 && free < minFreeMiB*1024 {
		c.fail("", fmt.Sprintf("/var/lib has %d MiB free; images and etcd need at least %d MiB", free/1024, minFreeMiB), "Make room or enlarge the disk.")
	}
	if used := c.facts.number("var_used_percent"); used >= maxUsed {
		text := fmt.Sprintf("the disk of /var/lib is %d%% full: above %d%% the kubelet deletes images that no container uses at the moment, and evicts pods", used, maxUsed)
		if c.packages.Archive != "" {
			text += "; without a registry, nobody but the next apply brings the images back"
		}
		c.warn(text)
	}
}

func (c *checker) checkSize() {
	if c.want.Role != kubeadm.ControlPlane {
		return
	}
	if cpus := c.facts.number("cpus"); cpus >= 0 && cpus < minCPUs {
		c.fail("NumCPU", fmt.Sprintf("it has %d CPU; a control plane needs %d", cpus, minCPUs), "Give it more, or add NumCPU to `ignore_preflight_errors`.")
	}
	if memory := c.facts.number("memory_kib"); memory >= 0 && memory < minMemoryMiB*1024 {
		c.fail("Mem", fmt.Sprintf("it has %d MiB of memory; a control plane needs %d MiB", memory/1024, minMemoryMiB), "Give it more, or add Mem to `ignore_preflight_errors`.")
	}
}

func (c *checker) checkKernel() {
	if swap := c.facts.text("swap"); swap != "" && c.kubeletSetting("failSwapOn") != false {
		c.fail("Swap", "swap is on ("+swap+"): the kubelet refuses to start", "Turn it off (`swapoff -a`, and its line in /etc/fstab), or set failSwapOn to false in the kubelet's configuration.")
	}
	if c.facts.has("cgroup", "tmpfs") {
		c.warn("it runs cgroup v1, which Kubernetes 1.34 warns of and the kubelet of 1.35 refuses")
	}
}

func (c *checker) checkAddress() {
	if c.want.Address != "" && len(c.facts.all("address")) > 0 && c.facts.interfaceOf(c.want.Address) == "" {
		c.fail("", fmt.Sprintf("its address is to be %s, which none of its interfaces has (they have %s)", c.want.Address, c.facts.text("address")),
			"Correct the node's `address`, or give the machine that address.")
	}
	if v := c.cluster.VirtualIP; v != nil {
		if name := c.facts.interfaceOf(v.Address); name != "" {
			c.fail("", fmt.Sprintf("the virtual address %s is on its interface %s already", v.Address, name),
				fmt.Sprintf("kube-vip puts it where it belongs. Take it away (`ip address delete %s dev %s`, and from the network's configuration), or choose another address.", v.Address, name))
		}
		if v.Interface != "" && c.want.Role == kubeadm.ControlPlane && !c.hasInterface(v.Interface) {
			c.fail("", fmt.Sprintf("it has no interface %q, which the virtual address is to be on", v.Interface), "Correct the `interface` of the virtual address; it is the same on all control planes.")
		}
	}
}

func (c *checker) hasInterface(name string) bool {
	return slices.ContainsFunc(c.facts.all("address"), func(line string) bool { return strings.HasPrefix(line, name+" ") })
}

func (c *checker) checkPorts() {
	if c.machine.KubeletConf {
		return // they are taken by the node itself
	}
	ports := []string{"10250", "10256"}
	if c.want.Role == kubeadm.ControlPlane {
		ports = []string{c.cluster.BindPort(), "10250", "10257", "10259"}
		if c.cluster.Etcd.External == nil {
			ports = append(ports, "2379", "2380")
		}
	}
	for _, port := range ports {
		if holder := c.facts.holder(port); holder != "" {
			c.fail("Port-"+port, fmt.Sprintf("port %s is taken by %s", port, holder), "Stop it there: Kubernetes needs this port.")
		}
	}
}

func (c *checker) checkSoftware() {
	needed := []string{"ip", "mount", "systemd-run"}
	if !c.packages.Manage || c.packages.Archive != "" {
		needed = append(needed, "conntrack") // otherwise it is installed
	}
	for _, tool := range needed {
		if !c.facts.has("tool", tool) {
			c.fail("", "the program "+tool+" is missing", "Install it by the distribution's packages.")
		}
	}
	if !c.facts.has("tool", "iptables") && !c.facts.has("tool", "nft") {
		c.fail("", "neither iptables nor nft is there", "Install one of them by the distribution's packages.")
	}
	switch {
	case !c.packages.Manage:
		c.checkVersion("kubeadm", c.machine.Kubeadm)
		c.checkVersion("kubelet", c.machine.Kubelet)
		if c.facts.text("kubelet_unit") == "" {
			c.fail("", "there is no kubelet.service", "Install the kubelet's package with kubeadm's drop-in, or let `manage_packages` be true.")
		}
	case c.packages.Archive != "":
		if path := c.facts.text("kubelet_path"); path != "" && path != localBin+"/kubelet" {
			c.fail("", fmt.Sprintf("its kubelet.service runs %s, and the archive puts the kubelet into %s", path, localBin),
				"Remove the kubelet that is installed there (`apt-get purge kubelet` or the like), or install from the repository.")
		}
	case c.facts.text("package_manager") == "":
		c.fail("", "it has no package manager that is known (apt-get, zypper, dnf, yum)", "Install from an `archive`, or set `manage_packages` to false and install containerd, kubeadm and the kubelet yourself.")
	}
}

func (c *checker) checkVersion(program, have string) {
	switch have {
	case c.cluster.Version:
	case "":
		c.fail("", program+" is not installed, and `manage_packages` is false", "Install "+program+" "+c.cluster.Version+" there.")
	default:
		c.fail("", fmt.Sprintf("%s is %s, and the cluster's version is %s; `manage_packages` is false", program, have, c.cluster.Version), "Install "+program+" "+c.cluster.Version+" there.")
	}
}

func (c *checker) checkRuntime() {
	if c.machine.Containerd == "" {
		if !c.packages.Manage || c.packages.Archive != "" {
			c.fail("", "containerd is not installed", "Install it by the distribution's packages: neither an `archive` nor `manage_packages = false` brings it.")
		}
		return
	}
	if !c.facts.has("containerd_config", "present") {
		return // ours will be put there
	}
	for _, line := range c.facts.all("disabled_plugins") {
		if strings.Contains(line, `"cri"`) || strings.Contains(line, `io.containerd.grpc.v1.cri"`) {
			c.fail("", "containerd's CRI is disabled: /etc/containerd/config.toml has it among disabled_plugins", "Take it from disabled_plugins and restart containerd; or remove the file, and one that fits is written.")
		}
	}
	// From containerd 2 on, the kubelet asks for the driver itself.
	if !strings.HasPrefix(c.machine.Containerd, "1.") {
		return
	}
	driver := c.cgroupDriver()
	runs := "cgroupfs"
	if c.facts.has("SystemdCgroup", "true") {
		runs = "systemd"
	}
	if runs != driver {
		c.fail("", fmt.Sprintf("containerd uses the cgroup driver %s and the kubelet is to use %s: pods would be killed", runs, driver),
			fmt.Sprintf("Set SystemdCgroup = %t in /etc/containerd/config.toml and restart containerd, or cgroupDriver to %q in the kubelet's configuration.", driver == "systemd", runs))
	}
}

func (c *checker) cgroupDriver() string { return cgroupDriver(c.cluster) }

func (c *checker) kubeletSetting(name string) any { return kubeletSetting(c.cluster, name) }

// kubeletSetting is a field of the kubelet's configuration as wanted, nil where it is the default.
func kubeletSetting(cluster kubeadm.Cluster, name string) any {
	var settings map[string]any
	if json.Unmarshal(cluster.Kubelet, &settings) != nil {
		return nil
	}
	return settings[name]
}

func cgroupDriver(cluster kubeadm.Cluster) string {
	if driver, ok := kubeletSetting(cluster, "cgroupDriver").(string); ok {
		return driver
	}
	return "systemd" // kubeadm's default
}

// checkIdentity finds machines that are copies of another: networks and the kubelet tell machines apart by these.
func checkIdentity(all map[string]facts) (problems []Problem, warnings []string) {
	twins := func(fact string, found func(node, twin, value string)) {
		first := map[string]string{}
		for _, node := range slices.Sorted(maps.Keys(all)) {
			value := all[node].text(fact)
			if value == "" {
				continue
			}
			if twin, ok := first[value]; ok {
				found(node, twin, value)
				continue
			}
			first[value] = node
		}
	}
	twins("machine_id", func(node, twin, value string) {
		problems = append(problems, Problem{
			Node: node, Text: fmt.Sprintf("it has the machine-id of %s (%s): one is a copy of the other", twin, value),
			Fix: "Give it one of its own: `rm /etc/machine-id && systemd-machine-id-setup`, then reboot.",
		})
	})
	twins("product_uuid", func(node, twin, _ string) {
		warnings = append(warnings, fmt.Sprintf("%s and %s have the same product_uuid; some networks tell nodes apart by it", twin, node))
	})
	return problems, warnings
}

// clockOffset is how far a clock that said "then" between two moments of ours is off, at least: within the round trip
// it is not off at all.
func clockOffset(before, then, after time.Time) time.Duration {
	switch {
	case then.Before(before):
		return then.Sub(before)
	case then.After(after):
		return then.Sub(after)
	}
	return 0
}
