// Package nodesim simulates the machines of a cluster for tests. A machine is a folder that real shells and tools see
// as their root, and an SSH server that leads there; systemd, kubeadm, the kubelet, the package manager and what else
// depends on a machine are answered for by the simulator, which refuses what the real ones refuse, in their words.
// The Kubernetes API and etcd of the clusters that come about are reached through the machines, as in life.
package nodesim

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/faulty"
)

// Version is the release of Kubernetes that package managers install unless a version is asked for.
const Version = "1.34.4"

// Sim is a site with machines. The zero value is not usable: call New.
type Sim struct {
	// API counts the requests to the API servers, and lets them fail and be slow on demand.
	API *faulty.Handler

	t   testing.TB
	dir string

	mu       sync.Mutex
	machines map[string]*Machine // by name
	clusters []*cluster
	commands []Command
	inits    []string
	hooks    []*hook
	balanced []string        // addresses of load balancers
	occupied map[string]bool // addresses of strangers
	ended    bool
	work     sync.WaitGroup
}

// Command is a line that a machine was given to run.
type Command struct{ Machine, Line string }

// New returns a site without machines. It skips the test where no machine can be simulated: that takes Linux, and
// either root or namespaces for plain users. In CI the test fails.
func New(t testing.TB) *Sim {
	t.Helper()
	if err := available(); err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("machines cannot be simulated here: %v", err)
		}
		t.Fatalf("machines cannot be simulated here: %v", err)
	}
	dir, err := os.MkdirTemp("", "nodesim") //nolint:usetesting // the path of a socket has at most 108 bytes
	if err != nil {
		t.Fatal(err)
	}
	s := &Sim{t: t, dir: dir, machines: map[string]*Machine{}, occupied: map[string]bool{}}
	s.API = faulty.New(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m, ok := r.Context().Value(asked{}).(*Machine); ok {
			m.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.stop)
	return s
}

// available tells why a shell cannot be run inside a machine.
var available = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "nodesim")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	m := &Machine{sim: &Sim{}, name: "probe", address: "127.0.0.1", root: dir}
	if err := m.build(); err != nil {
		return err
	}
	cmd, err := m.command(context.Background(), "/", []string{"PATH=" + searchPath}, "sh", "-c", "cat /etc/hostname")
	if err != nil {
		return err
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", runtime.GOOS, err, strings.TrimSpace(string(out)))
	}
	if string(out) != "probe\n" {
		return fmt.Errorf("a shell in a machine said %q", out)
	}
	return nil
})

// stop ends all machines and removes them.
func (s *Sim) stop() {
	s.mu.Lock()
	s.ended = true
	machines := s.list()
	s.mu.Unlock()
	for _, m := range machines {
		m.Off()
	}
	s.work.Wait()
	if err := os.RemoveAll(s.dir); err != nil {
		s.t.Error(err)
	}
}

// list returns the machines in the order of their names.
func (s *Sim) list() []*Machine {
	var all []*Machine
	for _, m := range s.machines {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *Machine) int { return strings.Compare(a.name, b.name) })
	return all
}

// Commands returns the lines that machines were given to run so far.
func (s *Sim) Commands() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Inits returns the machines on which a cluster was initialised, in order.
func (s *Sim) Inits() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.inits)
}

// errorf fails the test because of something that no real machine would understand, or that the simulator does not.
func (s *Sim) errorf(format string, args ...any) {
	s.t.Errorf("nodesim: "+format, args...)
}

// until waits for a condition, which is asked with the lock held.
func (s *Sim) until(ctx context.Context, limit time.Duration, condition func() bool) bool {
	deadline := time.Now().Add(limit)
	for {
		s.mu.Lock()
		ok := condition()
		s.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(10 * time.Millisecond):
			if time.Now().After(deadline) {
				return false
			}
		}
	}
}

var errStopped = errors.New("the machine is off")
