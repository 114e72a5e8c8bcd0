package nodesim

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim/standin"
)

// tools are the programs of the host that machines have. Another one that a script uses has to be added here, or
// answered for by the simulator when what it says depends on the machine.
var tools = []string{
	"sh", "awk", "base64", "basename", "cat", "chmod", "chown", "cmp", "comm", "cp", "cut", "dirname", "echo", "env", "expr",
	"false", "find", "flock", "getent", "grep", "id", "gunzip", "gzip", "head", "install", "ln", "ls", "mkdir", "mktemp", "mv", "nohup", "od", "printf", "pwd",
	"readlink", "realpath", "rm", "rmdir", "sed", "seq", "setsid", "sha256sum", "sleep", "sort", "sync", "tail", "tar", "tee",
	"test", "timeout", "touch", "tr", "true", "uniq", "wc", "xargs",
}

// folders are what a machine has from the beginning, besides the simulator's own.
var folders = []string{
	"dev", "etc/apt/sources.list.d", "etc/cni/net.d", "etc/containerd", "etc/modules-load.d", "etc/sysctl.d", "etc/systemd/system", "opt/cni/bin", "proc/sys/net/ipv4",
	"proc/sys/net/bridge", "root", "run", "sys/fs/cgroup", "tmp", "usr/bin", "usr/lib/systemd/system", "usr/local/bin", "usr/sbin", "var/lib", "var/log", "var/tmp",
}

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// build makes the machine's file system as an installation of Debian leaves it, with containerd.
func (m *Machine) build() error {
	for _, dir := range append(folders, ".sim/host/usr", ".sim/host/proc", ".sim/full") {
		if err := os.MkdirAll(m.host(dir), 0o755); err != nil {
			return err
		}
	}
	files := map[string]string{
		standin.Program: "", "/dev/null": "", "/dev/urandom": "",
		"/etc/hostname":                     m.name + "\n",
		"/etc/hosts":                        "127.0.0.1 localhost\n" + m.address + " " + m.name + "\n",
		"/etc/os-release":                   "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
		"/etc/machine-id":                   m.id() + "\n",
		"/etc/passwd":                       "root:x:0:0:root:/root:/bin/sh\nadmin:x:1000:1000:admin:/home/admin:/bin/sh\n",
		"/etc/group":                        "root:x:0:\nadmin:x:1000:\n",
		"/etc/fstab":                        "/dev/sda1 / ext4 defaults 0 1\n",
		"/etc/cni/net.d/10-bridge.conflist": `{"cniVersion":"1.0.0","name":"bridge","plugins":[{"type":"bridge"}]}` + "\n",
		"/proc/meminfo":                     "MemTotal:        4038272 kB\nMemAvailable:    3514028 kB\nSwapTotal:             0 kB\n",
		"/proc/swaps":                       "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
		"/proc/modules":                     "",
		"/proc/cpuinfo":                     "processor\t: 0\n\nprocessor\t: 1\n",
		"/proc/sys/net/ipv4/ip_forward":     "0\n",
		"/usr/lib/systemd/system/containerd.service": "[Service]\nExecStart=/usr/bin/containerd\n[Install]\nWantedBy=multi-user.target\n",
	}
	for name, text := range files {
		if err := m.WriteFile(name, text); err != nil {
			return err
		}
	}
	links := map[string]string{
		"/bin": "usr/bin", "/sbin": "usr/sbin", "/lib": "usr/lib", "/lib64": "usr/lib64", "/usr/lib64": standin.Host + "/usr/lib64", "/var/run": "/run",
		"/dev/fd": standin.Host + "/proc/self/fd", "/dev/stdin": "fd/0", "/dev/stdout": "fd/1", "/dev/stderr": "fd/2", "/proc/self": standin.Host + "/proc/self",
	}
	libraries, err := filepath.Glob("/usr/lib/*-linux-*")
	if err != nil {
		return err
	}
	loaders, err := filepath.Glob("/usr/lib/ld-*")
	if err != nil {
		return err
	}
	for _, lib := range append(libraries, loaders...) {
		links[lib] = standin.Host + lib
	}
	for _, tool := range tools {
		at, err := exec.LookPath(tool)
		if err != nil {
			continue
		}
		// What a host's alternatives say is settled here: /etc/alternatives is not in the machine.
		if at, err = filepath.EvalSymlinks(at); err != nil {
			return err
		}
		links["/usr/bin/"+tool] = standin.Host + at
	}
	for name, target := range links {
		if err := os.Symlink(target, m.host(name)); err != nil {
			return err
		}
	}
	for name := range programs {
		if err := m.install("/usr/bin/"+name, name, ""); err != nil {
			return err
		}
	}
	if err := m.install("/usr/lib/apt/apt-helper", "apt-helper", ""); err != nil {
		return err
	}
	return m.WriteFile(wants+"containerd.service", "")
}

// install writes a program that the simulator answers for.
func (m *Machine) install(name, program, version string) error {
	if err := m.WriteFile(name, binary(program, version)); err != nil {
		return err
	}
	return os.Chmod(m.host(name), 0o755)
}

// binary is the content of a program that the simulator answers for.
func binary(program, version string) string {
	return strings.TrimSpace("#!"+standin.Program+" "+program+" "+version) + "\n"
}

// host is where a file of the machine is on the host.
func (m *Machine) host(name string) string { return filepath.Join(m.root, name) }

// WriteFile puts a file on the machine, as somebody who logs in would.
func (m *Machine) WriteFile(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(m.host(name)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(m.host(name), []byte(text), 0o600)
}

// File returns the content of a file, "" when there is none.
func (m *Machine) File(name string) string {
	text, err := os.ReadFile(m.host(name))
	if err != nil {
		return ""
	}
	return string(text)
}

// Exists tells whether there is a file or folder of that name.
func (m *Machine) Exists(name string) bool {
	_, err := os.Lstat(m.host(name))
	return err == nil
}

// command makes a command that runs inside the machine, in namespaces of its own: when it is killed, nothing that it
// started lives on.
func (m *Machine) command(ctx context.Context, dir string, env []string, argv ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	entry, err := json.Marshal(standin.Entry{Root: m.root, Program: self, Plain: os.Getuid() != 0, Full: m.full(), Dir: dir, Argv: argv})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self)
	cmd.Args = []string{standin.EnterName, string(entry)}
	cmd.Env = env
	cmd.WaitDelay = time.Second
	return cmd, isolate(cmd)
}
