package operate

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

// sound is what facts.sh prints on a machine with which all is well.
const sound = `arch=x86_64
hostname=cp-01
machine_id=0f2d7b
product_uuid=5a1c
ip_forward=0
cpus=4
memory_kib=8000000
cgroup=cgroup2fs
var_free_kib=50000000
tool=conntrack
tool=iptables
tool=ip
tool=mount
tool=systemd-run
package_manager=apt-get
address=lo 127.0.0.1
address=bond0 192.0.2.11
port=22 users:(("sshd",pid=600,fd=3))
kubelet_unit=
containerd_config=present
disabled_plugins=[]
SystemdCgroup=true
`

func TestChecker(t *testing.T) {
	tests := map[string]struct {
		facts    string // beside sound; a fact that begins with "-" is taken away
		change   func(*checker)
		problems []string // parts of them, in order
		warnings []string
	}{
		"all is well": {},
		"swap": {
			facts: "swap=/dev/sda2", problems: []string{"swap is on (/dev/sda2)"},
		},
		"swap that the kubelet may have": {
			facts:  "swap=/dev/sda2",
			change: func(c *checker) { c.cluster.Kubelet = json.RawMessage(`{"failSwapOn":false}`) },
		},
		"swap that is ignored": {
			facts:    "swap=/dev/sda2",
			change:   func(c *checker) { c.cluster.IgnorePreflightErrors = []string{"Swap"} },
			warnings: []string{"ignored: Swap"},
		},
		"too small for a control plane": {
			facts: "-cpus\ncpus=1\n-memory_kib\nmemory_kib=1000000", problems: []string{"it has 1 CPU", "it has 976 MiB"},
		},
		"small, but a worker": {
			facts:  "-cpus\ncpus=1\n-memory_kib\nmemory_kib=1000000",
			change: func(c *checker) { c.want.Role = kubeadm.Worker },
		},
		"what cannot be told is no problem": {
			facts: "-cpus\n-memory_kib\n-var_free_kib",
		},
		"clock": {
			change:   func(c *checker) { c.facts.clockOff = -time.Hour },
			problems: []string{"its clock is 1h0m0s behind"},
		},
		"disk": {
			facts: "-var_free_kib\nvar_free_kib=102400\nread_only=/etc", problems: []string{"/etc cannot be written to", "/var/lib has 100 MiB free"},
		},
		"a disk on which the kubelet deletes images": {
			facts: "var_used_percent=90", warnings: []string{"90% full"},
		},
		"ports": {
			facts:    `port=6443 users:(("haproxy",pid=812,fd=3),("haproxy",pid=813,fd=3))` + "\nport=2379",
			problems: []string{"port 6443 is taken by haproxy (process 812)", "port 2379 is taken by another process"},
		},
		"ports of a worker": {
			facts:    "port=6443\nport=10250",
			change:   func(c *checker) { c.want.Role = kubeadm.Worker },
			problems: []string{"port 10250"},
		},
		"ports of the node itself": {
			facts:  "port=6443\nport=10250",
			change: func(c *checker) { c.machine.KubeletConf = true },
		},
		"address of another machine": {
			change:   func(c *checker) { c.want.Address = "192.0.2.12" },
			problems: []string{"its address is to be 192.0.2.12, which none of its interfaces has (they have lo 127.0.0.1, bond0 192.0.2.11)"},
		},
		"virtual address": {
			facts:    "address=bond0 192.0.2.100",
			problems: []string{"the virtual address 192.0.2.100 is on its interface bond0"},
		},
		"interface of the virtual address": {
			change:   func(c *checker) { c.cluster.VirtualIP.Interface = "eth9" },
			problems: []string{`it has no interface "eth9"`},
		},
		"tools": {
			facts: "-tool", problems: []string{"ip is missing", "mount is missing", "systemd-run is missing", "neither iptables nor nft"},
		},
		"conntrack that nobody installs": {
			facts:    "-tool\ntool=ip\ntool=mount\ntool=systemd-run\ntool=nft",
			change:   func(c *checker) { c.packages.Archive = "site.tar" },
			problems: []string{"conntrack is missing"},
		},
		"no package manager": {
			facts: "-package_manager", problems: []string{"no package manager"},
		},
		"packages that are not managed": {
			change: func(c *checker) {
				c.packages.Manage = false
				c.machine.Kubelet = "1.33.1"
			},
			problems: []string{"kubeadm is not installed", "kubelet is 1.33.1, and the cluster's version is 1.34.4", "no kubelet.service"},
		},
		"kubelet of a package beside an archive": {
			facts:    "kubelet_path=/usr/bin/kubelet",
			change:   func(c *checker) { c.packages.Archive = "site.tar" },
			problems: []string{"runs /usr/bin/kubelet, and the archive puts the kubelet into /usr/local/bin"},
		},
		"no containerd where nobody installs it": {
			change: func(c *checker) {
				c.packages.Archive = "site.tar"
				c.machine.Containerd = ""
			},
			problems: []string{"containerd is not installed"},
		},
		"no containerd yet": {
			change: func(c *checker) { c.machine.Containerd = "" },
		},
		"CRI disabled": {
			facts: "-disabled_plugins\ndisabled_plugins=[\"cri\"]", problems: []string{"CRI is disabled"},
		},
		"cgroup drivers that disagree": {
			facts: "-SystemdCgroup\nSystemdCgroup=false", problems: []string{"containerd uses the cgroup driver cgroupfs and the kubelet is to use systemd"},
		},
		"cgroup drivers that agree": {
			facts:  "-SystemdCgroup\nSystemdCgroup=false",
			change: func(c *checker) { c.cluster.Kubelet = json.RawMessage(`{"cgroupDriver":"cgroupfs"}`) },
		},
		"cgroup driver that the kubelet asks for": {
			facts:  "-SystemdCgroup\nSystemdCgroup=false",
			change: func(c *checker) { c.machine.Containerd = "2.1.4" },
		},
		"cgroup v1": {
			facts: "-cgroup\ncgroup=tmpfs", warnings: []string{"cgroup v1"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &checker{
				node: "cp-01",
				want: kubeadm.Node{Role: kubeadm.ControlPlane, Address: "192.0.2.11"},
				cluster: kubeadm.Cluster{
					Version: "1.34.4", Endpoint: "192.0.2.100:6443", VirtualIP: &kubeadm.VirtualIP{Address: "192.0.2.100"},
				},
				packages: Packages{Manage: true},
				machine:  kubeadm.Machine{Containerd: "1.7.27"},
				facts:    parseFacts(edit(sound, tt.facts)),
			}
			if tt.change != nil {
				tt.change(c)
			}
			c.run()
			var problems []string
			for _, p := range c.problems {
				problems = append(problems, p.Text)
				if p.Fix == "" {
					t.Errorf("nothing is advised about %q", p.Text)
				}
			}
			matches(t, "problem", problems, tt.problems)
			matches(t, "warning", c.warnings, tt.warnings)
		})
	}
}

// edit takes facts away that begin with "-" and adds the others.
func edit(facts, changes string) string {
	lines := strings.Split(facts, "\n")
	for change := range strings.Lines(changes) {
		change = strings.TrimSpace(change)
		if name, gone := strings.CutPrefix(change, "-"); gone {
			lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+"=") })
			continue
		}
		lines = append(lines, change)
	}
	return strings.Join(lines, "\n")
}

func matches(t *testing.T, what string, got, parts []string) {
	t.Helper()
	if len(got) != len(parts) {
		t.Fatalf("got %d %ss, want %d: %q", len(got), what, len(parts), got)
	}
	for i := range got {
		if !strings.Contains(got[i], parts[i]) {
			t.Errorf("%s %d is %q, want one with %q", what, i, got[i], parts[i])
		}
	}
}

func TestPreconditionErrorNamesAllProblems(t *testing.T) {
	err := &PreconditionError{[]Problem{
		{Node: "cp-01", Text: "swap is on", Fix: "Turn it off."},
		{Node: "w-01", Text: "port 10250 is taken by k3s (process 7)", Fix: "Stop it there."},
	}}
	want := `the machines cannot become nodes yet:
  cp-01: swap is on. Turn it off.
  w-01: port 10250 is taken by k3s (process 7). Stop it there.`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Error(diff)
	}
}

func TestCheckIdentity(t *testing.T) {
	problems, warnings := checkIdentity(map[string]facts{
		"a": parseFacts("machine_id=1\nproduct_uuid=x"),
		"b": parseFacts("machine_id=2\nproduct_uuid=x"),
		"c": parseFacts("machine_id=1"),
		"d": parseFacts(""),
		"e": parseFacts(""),
	})
	if len(problems) != 1 || problems[0].Node != "c" || !strings.Contains(problems[0].Text, "machine-id of a") {
		t.Errorf("problems: %v", problems)
	}
	matches(t, "warning", warnings, []string{"a and b have the same product_uuid"})
}

func TestClockOffset(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		then time.Time
		want time.Duration
	}{
		"within the round trip": {noon.Add(time.Second), 0},
		"behind":                {noon.Add(-time.Minute), -time.Minute},
		"ahead":                 {noon.Add(time.Minute), 58 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clockOffset(noon, tt.then, noon.Add(2*time.Second)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
