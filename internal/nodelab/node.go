package nodelab

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

//go:embed boot.sh
var bootScript string

// Node is a machine. Its disk outlives its power.
type Node struct {
	Name    string
	Address string
	// HostKey is the machine's SSH host key as authorized_keys and known_hosts have it: "ssh-ed25519 AAAA…".
	HostKey string

	lab   *Lab
	index int
	bytes int64 // size of the disk, 0 for as much as the host has
	power *power
}

// power is what a running machine has and one that is off has not.
type power struct {
	init *exec.Cmd
	off  chan struct{} // closed when the machine is off
}

// Option says how a machine differs from others.
type Option func(*Node)

// Disk gives the machine a disk of so many bytes, held in memory, that a test can fill.
func Disk(bytes int64) Option { return func(n *Node) { n.bytes = bytes } }

// Node adds a machine to the LAN and boots it. It answers by SSH when Node returns.
func (l *Lab) Node(name, address string, options ...Option) (*Node, error) {
	l.mu.Lock()
	n := &Node{Name: name, Address: address, lab: l, index: len(l.nodes) + 1}
	l.nodes = append(l.nodes, n)
	l.mu.Unlock()
	for _, option := range options {
		option(n)
	}
	if err := n.install(); err != nil {
		return nil, fmt.Errorf("installing %s: %w", name, err)
	}
	return n, n.Boot()
}

func (n *Node) disk(path ...string) string {
	return filepath.Join(append([]string{n.lab.dir, n.Name}, path...)...)
}

// cgroup is the machine's name in the run's cgroup.
func (n *Node) cgroup() string { return filepath.Base(n.lab.dir) + "-" + n.Name }

// install makes an empty disk with what a machine gets from whoever sets it up: name, keys and a network for pods.
func (n *Node) install() error {
	if err := os.MkdirAll(n.disk(), 0o755); err != nil {
		return err
	}
	if n.bytes > 0 {
		if err := host(fmt.Sprintf("mount -t tmpfs -o size=%d tmpfs %s", n.bytes, n.disk())); err != nil {
			return err
		}
	}
	for _, dir := range []string{"upper/etc/ssh", "work", "root", "data"} {
		if err := os.MkdirAll(n.disk(dir), 0o755); err != nil {
			return err
		}
	}
	hostKey, err := newKey(n.disk("upper/etc/ssh/ssh_host_ed25519_key"))
	if err != nil {
		return err
	}
	n.HostKey = strings.TrimSpace(string(hostKey))
	for path, content := range map[string]string{
		"etc/hostname":                  n.Name + "\n",
		"etc/hosts":                     fmt.Sprintf("127.0.0.1 localhost\n%s %s\n", n.Address, n.Name),
		"etc/resolv.conf":               "nameserver " + Gateway + "\n", // where nobody answers
		"etc/cni/net.d/10-lab.conflist": fmt.Sprintf(podNetwork, n.index),
		"etc/ssh/authorized_keys":       string(n.lab.publicKey),
	} {
		path = n.disk("upper", path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// podNetwork gives the pods of machine %d addresses that this machine alone routes: enough for nodes to be Ready.
const podNetwork = `{
  "cniVersion": "0.4.0",
  "name": "lab",
  "plugins": [{
    "type": "bridge",
    "bridge": "cni0",
    "isGateway": true,
    "ipMasq": true,
    "ipam": {
      "type": "host-local",
      "ranges": [[{"subnet": "10.244.%d.0/24"}]],
      "routes": [{"dst": "0.0.0.0/0"}]
    }
  }]
}
`

// Boot switches the machine on and waits until it answers by SSH. One that is on stays on.
func (n *Node) Boot() error {
	if n.power != nil {
		return nil
	}
	console, err := os.OpenFile(n.console(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer console.Close()
	cmd := exec.CommandContext(context.Background(), "sh", "-c", `read -r _ && exec unshare --cgroup sh -euc "$@"`,
		"wait", bootScript, "boot", rootfs(n.lab.tools), n.disk(), n.Name, n.Address, Gateway)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = machine
	plugged, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p := &power{init: cmd, off: make(chan struct{})}
	n.power = p
	go func() {
		_ = cmd.Wait() // an init that is killed is no error
		close(p.off)
	}()
	if err := n.plugIn(plugged); err != nil {
		return errors.Join(fmt.Errorf("booting %s: %w", n.Name, err), n.Kill())
	}
	if err := n.awaitSSH(); err != nil {
		return fmt.Errorf("%s does not answer: %w\n%s", n.Name, err, n.Log())
	}
	return nil
}

// plugIn gives the new machine its cgroup and its network, and lets it go on.
func (n *Node) plugIn(plugged io.WriteCloser) error {
	pid := n.power.init.Process.Pid
	if err := makeCgroup(filepath.Base(os.Getenv(runVariable)), n.cgroup(), pid); err != nil {
		return err
	}
	if err := host(fmt.Sprintf("ip link add veth%d type veth peer name eth0 netns %d", pid, pid)); err != nil {
		return err
	}
	if err := host(fmt.Sprintf("ip link set veth%d master lan up", pid)); err != nil {
		return err
	}
	_, err := io.WriteString(plugged, "\n")
	return errors.Join(err, plugged.Close())
}

// awaitSSH waits for the banner of the machine's sshd.
func (n *Node) awaitSSH() error {
	dialer := net.Dialer{Timeout: time.Second}
	return poll(time.Minute, func() error {
		conn, err := dialer.DialContext(context.Background(), "tcp", net.JoinHostPort(n.Address, "22"))
		if err != nil {
			return err
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return err
		}
		_, err = io.ReadFull(conn, make([]byte, len("SSH-2.0")))
		return err
	})
}

// Kill cuts the power: nothing on the machine gets to say goodbye. What it had written to its disk stays.
func (n *Node) Kill() error {
	if n.power == nil {
		return nil
	}
	if err := n.power.init.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-n.power.off
	// Connections that its processes left hold the machine's network for minutes, and its address would go on answering:
	// the cable is pulled, unless it has gone already.
	err := host(fmt.Sprintf("ip link delete veth%d", n.power.init.Process.Pid))
	if err != nil && !strings.Contains(err.Error(), "Cannot find device") {
		return err
	}
	n.power = nil
	return removeCgroups(filepath.Join(filepath.Base(os.Getenv(runVariable)), n.cgroup()))
}

// Reboot shuts the machine down in order and boots it again.
func (n *Node) Reboot() error {
	if n.power != nil {
		// To systemd in a container this is the signal to halt.
		if err := n.power.init.Process.Signal(syscall.Signal(34 + 3)); err != nil {
			return err
		}
		select {
		case <-n.power.off:
		case <-time.After(2 * time.Minute):
			return fmt.Errorf("%s does not shut down:\n%s", n.Name, n.Log())
		}
	}
	return inOrder(n.Kill, n.Boot)
}

// Wipe replaces the machine by a new one of the same name and address: an empty disk and another host key.
func (n *Node) Wipe() error {
	return inOrder(n.remove, n.install, n.Boot)
}

// inOrder takes steps until one fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// remove cuts the power and takes the disk away.
func (n *Node) remove() error {
	if err := n.Kill(); err != nil {
		return err
	}
	if n.bytes > 0 {
		if err := host("umount " + n.disk()); err != nil {
			return err
		}
	}
	return os.RemoveAll(n.disk())
}

// Exec runs a shell script as root on the machine, past SSH, and returns what it printed to standard output.
func (n *Node) Exec(ctx context.Context, script string) (string, error) {
	if n.power == nil {
		return "", fmt.Errorf("%s is switched off", n.Name)
	}
	cmd := exec.CommandContext(ctx, "nsenter", "--all", "--target", strconv.Itoa(n.power.init.Process.Pid),
		"/bin/sh", "-euc", script)
	cmd.Env = []string{"HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Dir = "/"
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("on %s: %w: %s", n.Name, err, stderr.String())
	}
	return stdout.String(), nil
}

// Log is what the machine's console shows, and the end of its journal when it is on, without who logged in.
func (n *Node) Log() string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	console, err := os.ReadFile(n.console())
	if err != nil {
		return err.Error()
	}
	journal, err := n.Exec(ctx, "systemctl --failed --no-legend; systemctl status --no-pager ssh.service | tail -n 20; journalctl --no-pager --lines=1000 | grep -vE ' (sudo|sshd)\\[' | tail -n 60")
	if err != nil {
		journal = err.Error()
	}
	return string(console) + journal
}

func (n *Node) console() string { return n.disk() + ".console" }
