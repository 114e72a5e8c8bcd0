// Package machines proves the cluster resource on real machines: systemd, sshd,
// containerd and the kubelet on addresses of their own, kubeadm, etcd and the
// API server as they are released. `make machines` runs it.
package machines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"text/template"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
	"github.com/onprem-tools/terraform-provider-onprem/internal/workspace"
)

// formVariable chooses how much is proven: "short" on every change, "full" for
// everything.
const formVariable = "ONPREM_MACHINES"

func TestMain(m *testing.M) { nodelab.Main(m.Run) }

// requireForm skips a test that the wanted form leaves out.
func requireForm(t *testing.T, forms ...string) {
	t.Helper()
	form := os.Getenv(formVariable)
	if !slices.Contains(forms, form) {
		t.Skipf("%s is %q, this needs %s; `make machines` and `make machines MACHINES=full` set it", formVariable, form, strings.Join(forms, " or "))
	}
}

const (
	virtualIP = "10.77.0.100"
	resource  = "onprem_kubernetes_cluster.lab"
)

// site is a LAN with machines, and the configuration of a cluster on them.
type site struct {
	*workspace.Workspace

	lab      *nodelab.Lab
	machines map[string]*nodelab.Node
	config   config
}

// config is what the tests change in the configuration.
type config struct {
	Version   string // with "v"
	VirtualIP string // "" for a cluster without
	Endpoint  string
	Nodes     map[string]node
	// Plain leaves out what an import cannot read from the cluster.
	Plain bool
	// Extra are further lines of the resource.
	Extra string

	User, Key, KnownHosts, Archive, SudoPassword string
}

type node struct {
	Role, Address string
	Labels        map[string]string
	Taint         string // key of a NoSchedule taint
	HostKey       string // "" leaves the machine to known_hosts
}

var text = template.Must(template.New("").Parse(`
provider "onprem" {
  ssh = {
    user             = "{{.User}}"
    private_key_file = "{{.Key}}"
    sudo_password    = "{{.SudoPassword}}"
    known_hosts_file = "{{.KnownHosts}}"
  }
}

resource "onprem_kubernetes_cluster" "lab" {
  name                   = "lab"
  version                = trimprefix("{{.Version}}", "v")
  control_plane_endpoint = "{{.Endpoint}}:6443"
  {{with .VirtualIP}}
  virtual_ip = {
    address        = "{{.}}"
    interface      = "eth0"
    image          = "ghcr.io/kube-vip/kube-vip:v0.9.2" # the stand-in
    lease_duration = 5
    renew_deadline = 3
    retry_period   = 1
  }
  {{end}}
  pod_cidr     = "10.244.0.0/16"
  service_cidr = "10.96.0.0/16"
  coredns      = false
  kube_proxy   = false
  {{if not .Plain}}
  kubelet_configuration = jsonencode({
    cgroupDriver = "cgroupfs"
    # The machines share their host's disk, however full that is.
    evictionHard                = { "nodefs.available" = "0%", "imagefs.available" = "0%" }
    imageGCHighThresholdPercent = 100
    imageGCLowThresholdPercent  = 99
  })
  packages              = { archive = "{{.Archive}}" }
  deletion_protection   = false
  progress_file         = "progress.log"
  {{end}}
  {{.Extra}}
  nodes = {
    {{range $name, $node := .Nodes}}
    "{{$name}}" = {
      role    = "{{.Role}}"
      address = "{{.Address}}"
      {{with .Labels}}labels = { {{range $k, $v := .}}"{{$k}}" = "{{$v}}", {{end}} }{{end}}
      {{with .Taint}}taints = [{ key = "{{.}}", effect = "NoSchedule" }]{{end}}
      {{with .HostKey}}ssh = { host_key = "{{.}}" }{{end}}
    }
    {{end}}
  }
}
`))

// newSite boots machines and describes a cluster on them. Names that begin with
// "cp" are control planes.
func newSite(t *testing.T, names ...string) *site {
	t.Helper()
	tool, provider := programs(t)
	s := &site{lab: nodelab.New(t), machines: map[string]*nodelab.Node{}}
	dir := t.TempDir()
	s.config = config{
		Version: nodelab.Version, VirtualIP: virtualIP, Endpoint: virtualIP, Nodes: map[string]node{},
		User: nodelab.User, SudoPassword: nodelab.Password,
		Key: s.lab.PrivateKey, KnownHosts: filepath.Join(dir, "known_hosts"), Archive: s.lab.Archive(nodelab.Version),
	}
	for _, name := range names {
		s.boot(t, name)
		s.add(name)
	}
	w, err := workspace.New(tool, dir, provider, s.text(t))
	if err != nil {
		t.Fatal(err)
	}
	s.Workspace = w
	s.write(t)
	return s
}

// addresses has room for every name that the tests use.
func address(name string) string {
	role, number, _ := strings.Cut(name, "-")
	base := map[string]string{"cp": "1", "worker": "2"}[role]
	return "10.77.0." + base + strings.TrimPrefix(number, "0")
}

// boot adds a machine to the LAN, not to the cluster.
func (s *site) boot(t *testing.T, name string, options ...nodelab.Option) *nodelab.Node {
	t.Helper()
	m, err := s.lab.Node(name, address(name), options...)
	if err != nil {
		t.Fatal(err)
	}
	s.machines[name] = m
	return m
}

// add puts a machine into the configuration.
func (s *site) add(name string) {
	role := "worker"
	if strings.HasPrefix(name, "cp-") {
		role = "control-plane"
	}
	s.config.Nodes[name] = node{Role: role, Address: address(name)}
}

// text renders the configuration.
func (s *site) text(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if err := text.Execute(&b, s.config); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// write puts the configuration, and the machines' present host keys, where
// Terraform reads them.
func (s *site) write(t *testing.T) {
	t.Helper()
	var known strings.Builder
	for _, m := range s.machines {
		fmt.Fprintf(&known, "%s %s\n", m.Address, m.HostKey)
	}
	if err := errors.Join(os.WriteFile(s.config.KnownHosts, []byte(known.String()), 0o600), s.Write(s.text(t))); err != nil {
		t.Fatal(err)
	}
}

// apply applies the configuration and returns what Terraform printed.
func (s *site) apply(t *testing.T) (string, time.Duration) {
	t.Helper()
	s.write(t)
	out, took, err := s.Watch(t.Context(), 0, nil, "apply", "-auto-approve", "-no-color")
	if err != nil {
		t.Fatalf("apply after %s: %v\n%s", took, err, s.progress())
	}
	return out, took
}

// fails applies what cannot be done, and returns what Terraform printed with
// the frames of its messages taken away.
func (s *site) fails(t *testing.T) string {
	t.Helper()
	s.write(t)
	out, err := s.Run(t.Context(), 1, "apply", "-auto-approve", "-no-color")
	if err != nil {
		t.Fatalf("%v\n%s", err, s.progress())
	}
	return strings.Join(strings.Fields(strings.ReplaceAll(out, "│", " ")), " ")
}

// planEmpty fails the test when there is something left to do.
func (s *site) planEmpty(t *testing.T) {
	t.Helper()
	s.write(t)
	if _, err := s.Run(t.Context(), 0, "plan", "-detailed-exitcode", "-no-color"); err != nil {
		t.Fatalf("the plan is not empty: %v", err)
	}
}

// plan returns a plan that is not empty.
func (s *site) plan(t *testing.T) string {
	t.Helper()
	s.write(t)
	out, err := s.Run(t.Context(), 2, "plan", "-detailed-exitcode", "-no-color")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// destroy destroys the cluster.
func (s *site) destroy(t *testing.T) time.Duration {
	t.Helper()
	s.write(t)
	_, took, err := s.Watch(t.Context(), 0, nil, "destroy", "-auto-approve", "-no-color")
	if err != nil {
		t.Fatalf("destroy: %v\n%s", err, s.progress())
	}
	return took
}

// killed applies, and kills the provider (SIGKILL) once the progress file has a
// line with the words.
func (s *site) killed(t *testing.T, words string) {
	t.Helper()
	s.write(t)
	before := len(s.progress())
	done := false
	kill := func(pids []int) {
		if log := s.progress(); done || len(log) < before || !strings.Contains(log[before:], words) {
			return
		}
		for _, pid := range pids {
			done = syscall.Kill(pid, syscall.SIGKILL) == nil || done
		}
	}
	if _, _, err := s.Watch(t.Context(), 1, kill, "apply", "-auto-approve", "-no-color"); err != nil {
		t.Fatalf("the apply that was to be killed at %q: %v\n%s", words, err, s.progress())
	}
	if !done {
		t.Fatalf("the apply failed before %q:\n%s", words, s.progress())
	}
}

func (s *site) progress() string {
	log, _ := os.ReadFile(filepath.Join(s.Dir, "progress.log"))
	return string(log)
}

// state returns the resource's attributes.
func (s *site) state(t *testing.T) attributes {
	t.Helper()
	out, err := s.Run(t.Context(), 0, "show", "-json")
	if err != nil {
		t.Fatal(err)
	}
	var state struct {
		Values struct {
			RootModule struct {
				Resources []struct{ Values attributes }
			} `json:"root_module"`
		}
	}
	if err := json.Unmarshal([]byte(out), &state); err != nil {
		t.Fatal(err)
	}
	if n := len(state.Values.RootModule.Resources); n != 1 {
		t.Fatalf("%d resources in state", n)
	}
	return state.Values.RootModule.Resources[0].Values
}

// attributes are those of the resource that the tests look at.
type attributes struct {
	CAHash     string `json:"ca_hash"`
	Kubeconfig string `json:"kubeconfig"`
	NodeStatus map[string]struct {
		Ready      bool   `json:"ready"`
		Version    string `json:"version"`
		EtcdMember string `json:"etcd_member"`
	} `json:"node_status"`
}

// programs returns the tool under test and the provider, built now.
func programs(t *testing.T) (tool, provider string) {
	t.Helper()
	tool = os.Getenv("TF_ACC_TERRAFORM_PATH")
	if tool == "" {
		var err error
		if tool, err = exec.LookPath("terraform"); err != nil {
			t.Skip("neither terraform on PATH nor TF_ACC_TERRAFORM_PATH: `make machines` provides one")
		}
	}
	provider = filepath.Join(t.TempDir(), workspace.Provider)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", provider, "../..").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return tool, provider
}
