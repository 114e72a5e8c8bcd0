package nodelab_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
)

func TestMain(m *testing.M) { nodelab.Main(m.Run) }

// TestNode shows the life of a machine: set up, power cut, reboot, replaced.
func TestNode(t *testing.T) {
	lab := nodelab.New(t)
	node := boot(t, lab, "cp-1", "10.77.0.11")

	run(t, node, `systemctl is-system-running --wait || { systemctl list-units --failed --no-legend >&2; exit 1; }`)
	run(t, node, "ctr version")
	run(t, node, "! command -v kubeadm && ! command -v kubelet")
	if got := login(t, node, ssh.PublicKeys(key(t, lab)), "root", "hostname"); got != "cp-1" {
		t.Errorf("the machine's name is %q, want cp-1", got)
	}
	sudo := "echo " + nodelab.Password + " | sudo --stdin --prompt= id --user"
	if got := login(t, node, ssh.Password(nodelab.Password), nodelab.User, sudo); got != "0" {
		t.Errorf("sudo makes %s user %q, want 0", nodelab.User, got)
	}

	run(t, node, "echo kept >/root/file; echo too >/var/lib/etcd/file; sync")
	hostKey := node.HostKey
	for _, off := range []struct {
		name string
		do   func() error
	}{
		{"power cut", func() error {
			if err := node.Kill(); err != nil {
				return err
			}
			if _, err := net.Dial("tcp", node.Address+":22"); err == nil {
				t.Error("a machine without power answers")
			}
			return node.Boot()
		}},
		{"reboot", node.Reboot},
	} {
		if err := off.do(); err != nil {
			t.Fatalf("%s: %v", off.name, err)
		}
		if got := run(t, node, "cat /root/file /var/lib/etcd/file"); got != "kept\ntoo\n" {
			t.Errorf("after a %s the disk holds %q, want what was written", off.name, got)
		}
	}
	login(t, node, ssh.PublicKeys(key(t, lab)), "root", "true")

	if err := node.Wipe(); err != nil {
		t.Fatal(err)
	}
	run(t, node, "! cat /root/file /var/lib/etcd/file")
	if node.HostKey == hostKey {
		t.Error("a replaced machine has the host key of the old one")
	}
	login(t, node, ssh.PublicKeys(key(t, lab)), "root", "true")
}

func TestNodeDiskFull(t *testing.T) {
	lab := nodelab.New(t)
	node := boot(t, lab, "cp-1", "10.77.0.11", nodelab.Disk(64<<20))
	_, err := node.Exec(t.Context(), "head --bytes=100M /dev/zero >/var/lib/etcd/zero")
	if err == nil || !strings.Contains(err.Error(), "No space left on device") {
		t.Errorf("writing 100 MiB to a disk of 64 MiB: %v, want no space left", err)
	}
}

func TestLabLeavesNothing(t *testing.T) {
	before := traces(t)
	t.Run("lab", func(t *testing.T) {
		lab := nodelab.New(t)
		boot(t, lab, "cp-1", "10.77.0.11", nodelab.Disk(64<<20))
		boot(t, lab, "cp-2", "10.77.0.12")
		if during := traces(t); during == before {
			t.Error("two machines leave no trace to look for")
		}
	})
	if after := traces(t); after != before {
		t.Errorf("left over:\n%s\nbefore the lab there was:\n%s", after, before)
	}
}

// traces lists what machines are made of: processes, mounts, interfaces, cgroups and files.
func traces(t *testing.T) string {
	t.Helper()
	nodelab.Require(t)
	run := os.Getenv("ONPREM_NODELAB_RUN")
	script := fmt.Sprintf(`pgrep --list-name systemd || true
grep %[1]s /proc/self/mounts || true
ip -oneline link | cut -d: -f2
find /sys/fs/cgroup -mindepth 2 -path '*%[2]s/*'
find %[1]s -mindepth 1 -maxdepth 2`, run, filepath.Base(run))
	out, err := exec.CommandContext(t.Context(), "sh", "-euc", script).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return string(out)
}

func boot(t *testing.T, lab *nodelab.Lab, name, address string, options ...nodelab.Option) *nodelab.Node {
	t.Helper()
	node, err := lab.Node(name, address, options...)
	if err != nil {
		t.Fatal(err)
	}
	return node
}

func run(t *testing.T, node *nodelab.Node, script string) string {
	t.Helper()
	out, err := node.Exec(t.Context(), script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func key(t *testing.T, lab *nodelab.Lab) ssh.Signer {
	t.Helper()
	pem, err := os.ReadFile(lab.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// login runs a command by SSH on a machine with the host key it is known by.
func login(t *testing.T, node *nodelab.Node, with ssh.AuthMethod, user, command string) string {
	t.Helper()
	hostKey, _, _, _, err := ssh.ParseAuthorizedKey([]byte(node.HostKey))
	if err != nil {
		t.Fatal(err)
	}
	client, err := ssh.Dial("tcp", node.Address+":22", &ssh.ClientConfig{
		User:              user,
		Auth:              []ssh.AuthMethod{with},
		HostKeyAlgorithms: []string{hostKey.Type()},
		HostKeyCallback:   ssh.FixedHostKey(hostKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	out, err := session.CombinedOutput(command)
	if err != nil {
		t.Fatalf("%s: %v: %s", command, err, out)
	}
	return strings.TrimSpace(string(out))
}
