package operate

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

var (
	//go:embed scripts/facts.sh
	factsScript string
	//go:embed scripts/system.sh
	systemScript string
	//go:embed scripts/kubelet.sh
	kubeletScript string
	//go:embed scripts/containerd.sh
	containerdScript string
)

// check looks at all machines that are to become nodes, and reports all that is wrong with any of them at once. It
// changes nothing.
func (w *work) check(ctx context.Context, steps []kubeadm.Step) error {
	w.tell(ctx, "", "checking the machines")
	all, problems, err := w.inspect(ctx, steps)
	if err != nil {
		return err
	}
	for _, node := range slices.Sorted(maps.Keys(all)) {
		c := &checker{
			node: node, want: w.target.Cluster.Nodes[node], cluster: w.target.Cluster, packages: w.target.Packages,
			machine: w.seen.Machines[node], facts: all[node],
		}
		c.run()
		problems = append(problems, c.problems...)
		for _, warning := range c.warnings {
			w.tell(ctx, node, "warning: "+warning)
		}
	}
	twins, warnings := checkIdentity(all)
	problems = append(problems, twins...)
	for _, warning := range warnings {
		w.tell(ctx, "", "warning: "+warning)
	}
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return strings.Compare(a.Node, b.Node) })
	return &PreconditionError{problems}
}

// inspect asks the machines, all at once, and looks through the archive in the meantime. A machine that cannot be asked
// is a problem, and so is somebody who has the virtual address.
func (w *work) inspect(ctx context.Context, steps []kubeadm.Step) (map[string]facts, []Problem, error) {
	var mu sync.Mutex
	all := map[string]facts{}
	var problems []Problem
	found := func(p Problem) {
		mu.Lock()
		defer mu.Unlock()
		problems = append(problems, p)
	}
	var group errgroup.Group
	for _, step := range steps {
		group.Go(func() error {
			f, err := w.facts(ctx, step.Node)
			if err != nil {
				found(Problem{Node: step.Node, Text: err.Error(), Fix: hintOf(err)})
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			all[step.Node] = f
			return nil
		})
	}
	group.Go(func() error {
		if p := w.checkVirtualIP(ctx); p != nil {
			found(*p)
		}
		return nil
	})
	if w.target.Packages.Manage && w.target.Packages.Archive != "" {
		group.Go(func() error {
			_, err := w.archive()
			return err
		})
	}
	err := group.Wait()
	return all, problems, cmp.Or(ended(ctx), err)
}

func (w *work) facts(ctx context.Context, node string) (facts, error) {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return facts{}, err
	}
	result, err := conn.Run(ctx, remote.Script("looking at the machine", factsScript))
	if err != nil {
		return facts{}, err
	}
	f := parseFacts(result.Text())
	before := time.Now()
	clock, err := conn.Run(ctx, remote.Command{Title: "asking for the time", Argv: []string{"date", "+%s"}})
	if err != nil {
		return facts{}, err
	}
	after := time.Now()
	seconds, err := strconv.ParseInt(clock.Text(), 10, 64)
	if err != nil {
		return facts{}, fmt.Errorf("%s: the machine's time cannot be read: %w", node, err)
	}
	f.clockOff = clockOffset(before.Truncate(time.Second), time.Unix(seconds, 0), after)
	return f, nil
}

// virtualIPPatience bounds the wait for an answer of somebody who should not be there.
const virtualIPPatience = 4 * time.Second

// checkVirtualIP asks, from the control plane that is to be the first, whether somebody has the virtual address. Only
// before the cluster is there: afterwards it is kube-vip.
func (w *work) checkVirtualIP(ctx context.Context) *Problem {
	v := w.target.Cluster.VirtualIP
	node := w.planned(kubeadm.Init)
	if v == nil || node == "" {
		return nil
	}
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return nil // reported as the machine's problem
	}
	address := net.JoinHostPort(v.Address, w.target.Cluster.BindPort())
	// The kernel remembers for a while who had the address: a cluster that was destroyed a minute ago, say.
	_, _ = conn.Run(ctx, remote.Command{Argv: []string{"ip", "neigh", "flush", "to", v.Address}}) // what it remembers may still be true
	who := ""
	asking, cancel := context.WithTimeout(ctx, virtualIPPatience)
	defer cancel()
	if c, err := conn.DialContext(asking, "tcp", address); err == nil {
		c.Close()
		who = "something listens on " + address
	} else if mac := neighbour(ctx, conn, v.Address); mac != "" {
		// The attempt above made the kernel ask the LAN who has the address.
		who = "the machine with the hardware address " + mac + " answers for it"
	}
	if who == "" {
		return nil
	}
	return &Problem{
		Node: node, Text: fmt.Sprintf("the virtual address %s is in use: %s", v.Address, who),
		Fix: "Choose an address that nobody has and no DHCP server gives out, or switch off who has it.",
	}
}

// neighbour is the hardware address that answered for an address of the LAN, "" for none.
func neighbour(ctx context.Context, conn *remote.Conn, address string) string {
	result, err := conn.Run(ctx, remote.Command{Argv: []string{"ip", "neigh", "show", "to", address}})
	if err != nil {
		return ""
	}
	// 10.0.0.9 dev eth0 lladdr 52:54:00:12:34:56 REACHABLE
	if _, rest, ok := strings.Cut(result.Text(), " lladdr "); ok && !strings.HasSuffix(rest, "FAILED") {
		mac, _, _ := strings.Cut(rest, " ")
		return mac
	}
	return ""
}

// prepare makes a machine ready for kubeadm. Its first change is the marker that says whose the machine is.
func (w *work) prepare(ctx context.Context, step kubeadm.Step) error {
	conn, err := w.conn(ctx, w.target, step.Node)
	if err != nil {
		return err
	}
	if err := w.mark(ctx, step.Node, func(*kubeadm.Owner) {}); err != nil {
		return err
	}
	result, err := conn.Run(ctx, remote.Script("setting up the kernel", systemScript))
	if err != nil {
		return err
	}
	if warning, ok := strings.CutPrefix(result.Text(), "warning="); ok {
		w.tell(ctx, step.Node, "warning: "+warning)
	}
	if err := w.install(ctx, step.Node, step.Role, "kubeadm", "kubelet", "kubectl"); err != nil {
		return err
	}
	if !w.target.Packages.Manage {
		return nil
	}
	systemd := strconv.FormatBool(cgroupDriver(w.target.Cluster) == "systemd")
	if _, err := conn.Run(ctx, remote.Script("configuring containerd", containerdScript, w.target.Cluster.Version, w.target.Cluster.ImageRepository, systemd)); err != nil {
		return err
	}
	_, err = conn.Run(ctx, remote.Script("setting up the kubelet", kubeletScript))
	return err
}

// OtherOwnerError is a machine that belongs to another cluster.
type OtherOwnerError struct {
	Node  string
	Owner kubeadm.Owner
}

func (e *OtherOwnerError) Error() string {
	return fmt.Sprintf("%s: it belongs to cluster %q at %s, as %s there says", e.Node, e.Owner.Cluster, e.Owner.Endpoint, markerFile)
}

// Hint implements the hint of an error.
func (e *OtherOwnerError) Hint() string {
	return "Take the node out of that cluster, or choose another machine. If that cluster is gone, run `kubeadm reset` there and remove the file."
}

// mark writes the marker of this cluster on a machine, with what change puts into it beside.
func (w *work) mark(ctx context.Context, node string, change func(*kubeadm.Owner)) error {
	conn, err := w.conn(ctx, w.target, node)
	if err != nil {
		return err
	}
	files, err := conn.ReadFiles(ctx, markerFile)
	if err != nil {
		return err
	}
	owner := kubeadm.Owner{Cluster: w.target.Cluster.Name, Endpoint: w.target.Cluster.Endpoint}
	if content, ok := files[markerFile]; ok {
		var have kubeadm.Owner
		if err := json.Unmarshal(content, &have); err != nil {
			return fmt.Errorf("%s: %s cannot be read: %w", node, markerFile, err)
		}
		if have.Cluster != owner.Cluster || have.Endpoint != owner.Endpoint {
			return &OtherOwnerError{node, have}
		}
		owner = have
	}
	owner.Node = node
	change(&owner)
	content, err := json.Marshal(owner)
	if err != nil {
		return err
	}
	_, err = conn.WriteFile(ctx, markerFile, append(content, '\n'), 0o644)
	return err
}
