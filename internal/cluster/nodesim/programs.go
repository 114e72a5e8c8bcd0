package nodesim

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim/standin"
)

// programs are what the simulator answers for on every machine, installed those that come with packages.
var programs, installed map[string]func(*call) int

func init() {
	programs = map[string]func(*call) int{
		"systemctl": systemctl, "systemd-run": systemdRun, "journalctl": says(""), "sudo": sudo,
		"apt-get": aptGet, "apt-mark": succeed, "dpkg": succeed, "dpkg-query": says(""), "apt-helper": aptHelper,
		"containerd": containerd, "ctr": ctr,
		"hostname": func(c *call) int { return says(c.name + "\n")(c) }, "nproc": says("2\n"), "uname": uname, "date": date, "stat": stat, "df": df,
		"modprobe": modprobe, "swapoff": succeed, "ip": ip, "ss": ss,
		"conntrack": succeed, "iptables": succeed, "nft": succeed, "ethtool": succeed, "socat": succeed, "mount": succeed, "losetup": succeed,
	}
	installed = map[string]func(*call) int{"kubeadm": kubeadm, "kubelet": kubelet, "kubectl": kubectl, "plugin": succeed}
}

func says(text string) func(*call) int {
	return func(c *call) int {
		c.printf("%s", text)
		return 0
	}
}

// succeed stands for programs that are there and whose effect is none of a simulated machine.
func succeed(*call) int { return 0 }

// host runs the program of the host in place of the stand-in.
func (c *call) hosted(args ...string) int {
	c.become = append([]string{standin.Host + "/usr/bin/" + c.Program}, args...)
	return 0
}

// sudo asks for the password that the machine wants, and runs the rest.
func sudo(c *call) int {
	args, ask, silent := c.Args, false, false
options:
	for ; len(args) > 0; args = args[1:] {
		switch args[0] {
		case "-k":
		case "-n":
			silent = true
		case "-S":
			ask = true
		case "-p":
			args = args[1:]
		case "--":
			args = args[1:]
			break options
		default:
			return c.unknown()
		}
	}
	if len(args) == 0 {
		return c.unknown()
	}
	switch {
	case c.sudoPassword == "":
	case silent || !ask:
		return c.fail("sudo: a password is required")
	case c.wait(func() bool { return readLine(c.stdin) != c.sudoPassword }):
		return c.fail("Sorry, try again.\nsudo: no password was provided\nsudo: 1 incorrect password attempt")
	}
	c.become = args
	return 0
}

// readLine reads a line and not a byte more: what follows is the input of the command.
func readLine(r io.Reader) string {
	var line []byte
	for b := make([]byte, 1); ; {
		if _, err := r.Read(b); err != nil || b[0] == '\n' {
			return string(line)
		}
		line = append(line, b[0])
	}
}

func uname(c *call) int {
	switch strings.Join(c.Args, " ") {
	case "-m":
		c.printf("%s\n", map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH])
	case "-r":
		c.printf("6.1.0-18-cloud\n")
	case "", "-s":
		c.printf("Linux\n")
	default:
		return c.unknown()
	}
	return 0
}

// date is that of the host by the machine's clock.
func date(c *call) int {
	if c.clock == 0 || slices.ContainsFunc(c.Args, func(a string) bool { return strings.HasPrefix(a, "-d") }) {
		return c.hosted(c.Args...)
	}
	return c.hosted(append([]string{"-d", "@" + strconv.FormatInt(time.Now().Add(c.clock).Unix(), 10)}, c.Args...)...)
}

func stat(c *call) int {
	if slices.Equal(c.Args, []string{"-fc", "%T", "/sys/fs/cgroup"}) {
		c.printf("cgroup2fs\n")
		return 0
	}
	return c.hosted(c.Args...)
}

func df(c *call) int {
	free := 40 << 20
	if len(c.full()) > 0 {
		free = 0
	}
	c.printf("Filesystem     1024-blocks     Used Available Capacity Mounted on\n/dev/sda1         61611820 15611820  %d      26%% /\n", free)
	return 0
}

func modprobe(c *call) int {
	for _, module := range c.Args {
		if strings.HasPrefix(module, "-") {
			continue
		}
		if module == "br_netfilter" {
			for _, name := range []string{"bridge-nf-call-iptables", "bridge-nf-call-ip6tables"} {
				if err := c.WriteFile("/proc/sys/net/bridge/"+name, "1\n"); err != nil {
					return c.fail("%v", err)
				}
			}
		}
	}
	return 0
}

// addresses returns the machine's addresses with the prefix that ip shows.
func (m *Machine) addresses() []string {
	all := []string{m.address + "/24"}
	for _, vip := range m.sim.virtualIPs() {
		if vip.holder == m {
			all = append(all, vip.address+"/32")
		}
	}
	return all
}

func ip(c *call) int {
	switch strings.Join(c.Args, " ") {
	case "-o address show", "-o addr show", "-o -4 addr show", "-o -4 address show":
		c.printf("1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n")
		for _, a := range c.addresses() {
			c.printf("2: eth0    inet %s brd 10.77.0.255 scope global eth0\\       valid_lft forever preferred_lft forever\n", a)
		}
	case "route show default", "-o route show default", "-4 route show default":
		c.printf("default via 10.77.0.1 dev eth0\n")
	default:
		switch {
		case len(c.Args) == 5 && c.Args[0] == "address" && c.Args[1] == "delete":
			return 0
		case len(c.Args) == 4 && strings.HasPrefix(strings.Join(c.Args, " "), "neigh show to"):
			return c.neighbour(c.Args[3])
		case len(c.Args) == 4 && strings.HasPrefix(strings.Join(c.Args, " "), "neigh flush to"):
			return 0
		}
		return c.unknown()
	}
	return 0
}

// neighbour tells whose hardware address answered for an address.
func (c *call) neighbour(address string) int {
	switch {
	case c.sim.occupied[address]:
		c.printf("%s dev eth0 lladdr 52:54:00:99:99:99 REACHABLE\n", address)
	case c.sim.reach(c.Machine, address) == nil:
		c.printf("%s dev eth0 FAILED\n", address)
	default:
		c.printf("%s dev eth0 lladdr 52:54:00:12:34:56 REACHABLE\n", address)
	}
	return 0
}

// listening returns who listens on which port.
func (m *Machine) listening() map[int]string {
	ports := map[int]string{22: "sshd"}
	for port, who := range m.ports {
		ports[port] = who
	}
	if m.kubelet != "" {
		ports[10250] = "kubelet"
	}
	for file := range m.pods {
		switch strings.TrimSuffix(file, ".yaml") {
		case "kube-apiserver":
			ports[6443] = "kube-apiserver"
		case "kube-controller-manager":
			ports[10257] = "kube-controller"
		case "kube-scheduler":
			ports[10259] = "kube-scheduler"
		case "etcd":
			ports[2379], ports[2380] = "etcd", "etcd"
		}
	}
	return ports
}

func ss(c *call) int {
	if !slices.Contains([]string{"-Hltnp", "-Hltn"}, strings.Join(c.Args, " ")) {
		return c.unknown()
	}
	listening := c.listening()
	for _, port := range slices.Sorted(maps.Keys(listening)) {
		c.printf("LISTEN 0      4096               *:%d            *:*    users:((%q,pid=%d,fd=3))\n", port, listening[port], 300+port)
	}
	return 0
}

var assignment = regexp.MustCompile(`^(kubeadm|kubelet|kubectl)=([0-9]+\.[0-9]+\.[0-9]+)-\*$`)

// aptGet installs packages of Kubernetes from a repository that has every version.
func aptGet(c *call) int {
	var words []string
	for args := c.Args; len(args) > 0; args = args[1:] {
		switch {
		case args[0] == "-o":
			args = args[1:]
		case !strings.HasPrefix(args[0], "-"):
			words = append(words, args[0])
		}
	}
	switch {
	case len(words) == 0:
		return c.unknown()
	case words[0] == "update":
		return 0
	case words[0] != "install":
		return c.unknown()
	}
	for _, p := range words[1:] {
		parts := assignment.FindStringSubmatch(p)
		if parts == nil {
			if slices.Contains([]string{"ca-certificates", "conntrack", "containerd"}, p) {
				continue
			}
			fmt.Fprintf(c.stderr, "E: Unable to locate package %s\n", p)
			return 100
		}
		if err := c.installPackage(parts[1], "v"+parts[2]); err != nil {
			fmt.Fprintf(c.stderr, "E: %v\n", err)
			return 100
		}
	}
	return 0
}

func (c *call) installPackage(name, version string) error {
	if len(c.full()) > 0 {
		return fmt.Errorf("write error: %w", syscall.ENOSPC)
	}
	if err := c.install("/usr/bin/"+name, name, version); err != nil || name != "kubelet" {
		return err
	}
	units := "/usr/lib/systemd/system/kubelet.service"
	if err := c.WriteFile(units, "[Service]\nExecStart=/usr/bin/kubelet\n[Install]\nWantedBy=multi-user.target\n"); err != nil {
		return err
	}
	return c.WriteFile(units+".d/10-kubeadm.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS\n")
}

func aptHelper(c *call) int {
	if len(c.Args) != 3 || c.Args[0] != "download-file" {
		return c.unknown()
	}
	if err := c.writeFile(c.Args[2], "key of "+c.Args[1]+"\n"); err != nil {
		return c.fail("%v", err)
	}
	return 0
}

func containerd(c *call) int {
	switch strings.Join(c.Args, " ") {
	case "--version", "-v":
		c.printf("containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+b1\n")
	case "config dump":
		c.printf("%s", c.File("/etc/containerd/config.toml"))
	default:
		return c.unknown()
	}
	return 0
}

func ctr(c *call) int {
	args := slices.DeleteFunc(slices.Clone(c.Args), func(a string) bool { return a == "-n" || a == "--namespace" || a == "k8s.io" })
	switch {
	case len(args) == 3 && args[0] == "images" && args[1] == "import":
		if !c.Exists(args[2]) {
			return c.fail("ctr: open %s: no such file or directory", args[2])
		}
		image := strings.TrimSuffix(filepath.Base(args[2]), ".tar")
		c.images = append(c.images, image)
		c.printf("unpacking %s (sha256:%x)...done\n", image, sha256.Sum256([]byte(image)))
	case len(args) == 3 && args[0] == "images" && args[1] == "list" && args[2] == "--quiet":
		for _, image := range c.images {
			c.printf("%s\n", image)
		}
	case len(args) == 4 && args[0] == "images" && args[1] == "label" && slices.Contains(c.images, args[2]):
	default:
		return c.unknown()
	}
	return 0
}

// kubelet says its version; it runs as a service alone.
func kubelet(c *call) int {
	if !slices.Equal(c.Args, []string{"--version"}) {
		return c.unknown()
	}
	c.printf("Kubernetes %s\n", c.Version)
	return 0
}

// kubectl says its version.
func kubectl(c *call) int {
	if !slices.Equal(c.Args, []string{"version", "--client"}) {
		return c.unknown()
	}
	c.printf("Client Version: %s\nKustomize Version: v5.7.1\n", c.Version)
	return 0
}

// writeFile writes a file as a program on the machine does: a full disk refuses it.
func (m *Machine) writeFile(name, text string) error {
	for _, folder := range m.full() {
		if strings.HasPrefix(name, folder+"/") {
			return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
		}
	}
	return m.WriteFile(name, text)
}

// hasVersion returns the version of an installed program, "" when there is none.
func (m *Machine) hasVersion(program string) string {
	text := []byte(m.File(program))
	line, _, _ := bytes.Cut(text, []byte("\n"))
	fields := strings.Fields(string(line))
	if len(fields) != 3 {
		return ""
	}
	return fields[2]
}
