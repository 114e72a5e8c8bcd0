package nodesim

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim/standin"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

// Machine is one simulated machine.
type Machine struct {
	sim           *Sim
	name, address string
	root          string // its root folder on the host
	installation  int    // counts the wipes

	ssh          *sshtest.Server
	user         string
	sudoPassword string // "" when sudo asks for none

	// What runs on it; empty while it is off.
	power  context.Context
	off    context.CancelFunc
	socket net.Listener
	units  map[string]*unit
	pods   map[string]string // manifests of the static pods at work, by file name

	kubelet  string        // version that runs, "" when none does
	images   []string      // in the container runtime
	clock    time.Duration // ahead of the true time
	ports    map[int]string
	phases   map[string]func() error // hooks
	unready  string
	diskFull bool
	cluster  *cluster // whose static pods or kubelet are here
}

// Machine makes a machine and switches it on: Debian with containerd, without anything of Kubernetes.
func (s *Sim) Machine(name, address string) *Machine {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.machines[name] != nil {
		s.t.Fatalf("nodesim: there is a machine %s already", name)
	}
	m := &Machine{sim: s, name: name, address: address, user: "root", ports: map[int]string{}, phases: map[string]func() error{}}
	s.machines[name] = m
	m.wipe()
	m.on()
	return m
}

// Name returns the host name.
func (m *Machine) Name() string { return m.name }

// Address returns the address in the cluster's network. It leads there from machines alone.
func (m *Machine) Address() string { return m.address }

// id is the machine-id, another one after each installation.
func (m *Machine) id() string {
	return fmt.Sprintf("%032x", []byte(fmt.Sprintf("%.12s%04d", m.name, m.installation)))
}

// Access says how to log in, as root.
func (m *Machine) Access() remote.Config {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	return remote.Config{
		Host: m.ssh.Host(), Port: m.ssh.Port(), User: m.user, SudoPassword: m.sudoPassword, ConnectTimeout: 5 * time.Second,
		HostKeys: []string{m.ssh.HostKey()}, PrivateKeys: []string{m.ssh.PrivateKey()},
	}
}

// Sudo makes logins as root impossible: a user has to go through sudo, with a password unless it is empty.
func (m *Machine) Sudo(user, password string) {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	m.user, m.sudoPassword = user, password
}

// Rekey gives the machine another host key, as an installation does.
func (m *Machine) Rekey() {
	_, key := sshtest.NewKey(m.sim.t)
	m.ssh.SetHostKeys(key)
}

// Off cuts the power: connections and all that runs end at once, and the port is closed.
func (m *Machine) Off() {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	m.shutdown()
}

// On switches the machine on: what is enabled starts.
func (m *Machine) On() {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	m.on()
}

// Reboot is Off and On.
func (m *Machine) Reboot() {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	m.shutdown()
	m.on()
}

// Wipe installs the machine anew: Off, an empty disk, On. The host key stays; see Rekey.
func (m *Machine) Wipe() {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	m.shutdown()
	m.wipe()
	m.on()
}

// Disconnect cuts the connections to the machine. All that runs there as a unit goes on.
func (m *Machine) Disconnect() { m.ssh.Cut() }

func (m *Machine) running() bool { return m.power != nil }

func (m *Machine) shutdown() {
	if !m.running() {
		return
	}
	m.off()
	m.ssh.Down()
	m.socket.Close()
	m.power, m.units, m.pods, m.kubelet = nil, nil, nil, ""
	if err := os.RemoveAll(m.host("run")); err != nil { // it is in memory
		m.sim.errorf("%v", err)
	}
}

func (m *Machine) wipe() {
	if err := os.RemoveAll(m.root); err != nil && m.root != "" {
		m.sim.t.Fatal(err)
	}
	m.installation++
	// A folder of its own, since what the power cut ended may still hold the old one.
	m.root = filepath.Join(m.sim.dir, fmt.Sprintf("%s.%d", m.name, m.installation))
	m.cluster, m.images = nil, nil
	if err := m.build(); err != nil {
		m.sim.t.Fatal(err)
	}
}

func (m *Machine) on() {
	if m.running() || m.sim.ended {
		return
	}
	m.power, m.off = context.WithCancel(context.Background())
	m.units, m.pods = map[string]*unit{}, map[string]string{}
	if err := os.MkdirAll(m.host("run"), 0o755); err != nil {
		m.sim.t.Fatal(err)
	}
	_ = os.Remove(m.host(standin.Socket))
	var err error
	if m.socket, err = net.Listen("unix", m.host(standin.Socket)); err != nil {
		m.sim.t.Fatal(err)
	}
	m.boot()
	m.sim.work.Go(func() { m.serveStandins(m.socket) })
	if m.ssh == nil {
		m.ssh = sshtest.Start(m.sim.t, sshtest.Options{Exec: m.login, Dial: m.forward})
	} else if err := m.ssh.Up(); err != nil {
		m.sim.t.Fatal(err)
	}
}
