package machines

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
)

// TestFaults shows what a person reads when machines are not as they should be,
// and that nothing is changed on them before they are.
func TestFaults(t *testing.T) {
	requireForm(t, "full")
	s := newSite(t, "cp-01", "worker-01")
	cp, worker := s.machines["cp-01"], s.machines["worker-01"]

	for _, fault := range []struct {
		name  string
		make  string // script on the machine
		undo  string
		on    *nodelab.Node
		words []string // that the message has: what, where, why, what now
	}{
		{
			name: "port taken", on: cp,
			make:  `systemd-run --quiet --collect --unit=squatter socat TCP-LISTEN:6443,fork,reuseaddr EXEC:cat`,
			undo:  `systemctl stop squatter`,
			words: []string{"cp-01", "6443", "socat"},
		},
		{
			name: "leftovers of an older cluster", on: worker,
			make:  `mkdir -p /etc/kubernetes/manifests && echo old > /etc/kubernetes/kubelet.conf`,
			undo:  `rm -r /etc/kubernetes`,
			words: []string{"worker-01", "/etc/kubernetes/kubelet.conf", "kubeadm reset"},
		},
		{
			name: "virtual address in use", on: worker,
			make:  `ip address add ` + virtualIP + `/32 dev eth0`,
			undo:  `ip address del ` + virtualIP + `/32 dev eth0`,
			words: []string{virtualIP, "in use"},
		},
		{
			// The clock of a machine in a namespace is that of its host: what is shifted is the program that tells it.
			name: "clock off by an hour", on: worker,
			make:  `printf '#!/bin/sh\nexec /usr/bin/date --date="1 hour ago" "$@"\n' > /usr/local/bin/date && chmod 755 /usr/local/bin/date`,
			undo:  `rm /usr/local/bin/date`,
			words: []string{"worker-01", "clock", "behind"},
		},
	} {
		t.Run(fault.name, func(t *testing.T) {
			run(t, fault.on, fault.make)
			message := s.fails(t)
			run(t, fault.on, fault.undo)
			wantWords(t, message, fault.words...)
			untouched(t, cp, worker)
		})
	}

	t.Run("several at once, reported together", func(t *testing.T) {
		run(t, cp, `systemd-run --quiet --collect --unit=squatter socat TCP-LISTEN:6443,fork,reuseaddr EXEC:cat`)
		run(t, worker, `mkdir -p /etc/kubernetes/manifests && echo old > /etc/kubernetes/kubelet.conf`)
		s.add("worker-09") // which does not exist
		s.config.Nodes["worker-09"] = node{Role: "worker", Address: address("worker-09"), HostKey: cp.HostKey}
		message := s.fails(t)
		delete(s.config.Nodes, "worker-09")
		run(t, cp, `systemctl stop squatter`)
		run(t, worker, `rm -r /etc/kubernetes`)
		wantWords(t, message, "worker-01", "/etc/kubernetes/kubelet.conf", "worker-09", "10.77.0.29", "cp-01", "6443", "socat")
		untouched(t, cp, worker)
	})

	t.Run("SSH refused", func(t *testing.T) {
		run(t, worker, `systemctl stop ssh`)
		message := s.fails(t)
		run(t, worker, `systemctl start ssh`)
		wantWords(t, message, "worker-01", "10.77.0.21", "refused")
		untouched(t, cp, worker)
	})

	t.Run("host key changed", func(t *testing.T) {
		n := s.config.Nodes["worker-01"]
		n.HostKey = cp.HostKey // not worker-01's
		s.config.Nodes["worker-01"] = n
		message := s.fails(t)
		n.HostKey = ""
		s.config.Nodes["worker-01"] = n
		wantWords(t, message, "10.77.0.21", "host key", "SHA256:")
		untouched(t, cp, worker)
	})

	t.Run("wrong sudo password", func(t *testing.T) {
		s.config.SudoPassword = "swordfish"
		message := s.fails(t)
		s.config.SudoPassword = nodelab.Password
		wantWords(t, message, "sudo", "password")
		if strings.Contains(message, "swordfish") {
			t.Error("the message has the password")
		}
		untouched(t, cp, worker)
	})

	t.Run("disk full", func(t *testing.T) {
		s.boot(t, "worker-02", nodelab.Disk(600<<20))
		s.add("worker-02")
		message := s.fails(t)
		delete(s.config.Nodes, "worker-02")
		wantWords(t, message, "worker-02", "/var", "free")
		untouched(t, cp, worker)
	})

	t.Run("a node that never becomes Ready", func(t *testing.T) {
		// The only machine without a network.
		s.config.Extra = `ready_timeout = "20s"`
		run(t, worker, `mv /etc/cni/net.d /etc/cni/off`)
		message := s.fails(t)
		run(t, worker, `mv /etc/cni/off /etc/cni/net.d`)
		s.config.Extra = ""
		wantWords(t, message, "worker-01", "network", "apply again")
	})

	t.Run("afterwards the apply finishes", func(t *testing.T) {
		s.apply(t)
		s.planEmpty(t)
		wantReady(t, cp, nodelab.Version, "cp-01", "worker-01")
		if n := s.initialisations(t); n != 1 {
			t.Errorf("kubeadm init ran %d times", n)
		}
	})

	t.Run("no secret in what was written", func(t *testing.T) {
		key, err := os.ReadFile(s.lab.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		admin, err := cp.Exec(t.Context(), "grep client-key-data /etc/kubernetes/admin.conf | awk '{print $2}'")
		if err != nil {
			t.Fatal(err)
		}
		secrets := []string{strings.Split(string(key), "\n")[1], strings.TrimSpace(admin)}
		for _, file := range []string{"terraform.tfstate", "progress.log"} {
			content, err := os.ReadFile(filepath.Join(s.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range secrets {
				if len(secret) < 20 || strings.Contains(string(content), secret) {
					t.Errorf("%s has a private key", file)
				}
			}
		}
		for name, m := range s.machines {
			out, err := m.Exec(t.Context(), `cd /run/onprem 2>/dev/null || exit 0; ls -A | grep yaml || true; grep -lwE '[a-z0-9]{6}\.[a-z0-9]{16}|PRIVATE KEY' -- * || true`)
			if err != nil || strings.TrimSpace(out) != "" {
				t.Errorf("left in /run/onprem of %s: %v %s", name, err, out)
			}
		}
	})
}

func run(t *testing.T, m *nodelab.Node, script string) {
	t.Helper()
	if out, err := m.Exec(t.Context(), script); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func wantWords(t *testing.T, message string, words ...string) {
	t.Helper()
	t.Log(message[max(0, strings.Index(message, "Error:")):])
	for _, w := range words {
		if !strings.Contains(message, w) {
			t.Errorf("the message lacks %q", w)
		}
	}
}

// untouched fails the test when an apply that was refused changed a machine.
func untouched(t *testing.T, machines ...*nodelab.Node) {
	t.Helper()
	for _, m := range machines {
		out, err := m.Exec(t.Context(), "find /etc/kubernetes /var/lib/kubelet /var/lib/onprem /usr/local/bin/kubeadm -type f 2>/dev/null || true")
		if err != nil || strings.TrimSpace(out) != "" {
			t.Errorf("left on %s: %v\n%s", m.Name, err, out)
		}
	}
}
