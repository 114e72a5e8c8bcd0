package machines

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
)

// Targets, on two cores.
const (
	createTarget = 3 * time.Minute
	changeTarget = 30 * time.Second
	// outageTarget is how long the API may be away when the holder of the
	// virtual address dies.
	outageTarget = 15 * time.Second
)

// within logs what was measured beside its target. It fails nothing: how long
// things take says as much of the host as of the provider.
func within(t *testing.T, what string, took, target time.Duration) {
	t.Helper()
	verdict := "within"
	if took > target {
		verdict = "OVER"
	}
	t.Logf("%s: %.1f s, %s its target of %.0f s", what, took.Seconds(), verdict, target.Seconds())
}

// TestLife is the life of one cluster, from bare machines to bare machines and
// once more.
func TestLife(t *testing.T) {
	requireForm(t, "short", "full")
	full := os.Getenv(formVariable) == "full"
	s := newSite(t, "cp-01", "cp-02", "cp-03", "worker-01")
	everyday := []string{"cp-01", "cp-02", "cp-03", "worker-01"}

	// step runs a part that later ones build upon.
	step := func(name string, do func(t *testing.T)) {
		t.Helper()
		if !t.Run(name, do) {
			t.FailNow()
		}
	}

	step("create", func(t *testing.T) {
		plan := s.plan(t)
		if !strings.Contains(plan, "node_actions") || !strings.Contains(plan, "join as control plane") {
			t.Errorf("the plan does not say what will happen to each node:\n%s", plan)
		}
		_, took := s.apply(t)
		within(t, "three control planes and a worker from nothing to Ready", took, createTarget)
		s.planEmpty(t)
		wantReady(t, s.machines["cp-01"], nodelab.Version, everyday...)
		wantMembers(t, s.machines["cp-02"], "cp-01", "cp-02", "cp-03")
		if n := s.initialisations(t); n != 1 {
			t.Errorf("kubeadm init ran %d times", n)
		}
		if kubeconfig := s.state(t).Kubeconfig; kubeconfig != "" {
			t.Error("the kubeconfig is in state, though nobody asked for it")
		}
	})

	step("worker added", func(t *testing.T) {
		s.boot(t, "worker-02")
		s.add("worker-02")
		_, took := s.apply(t)
		within(t, "worker added", took, changeTarget)
		s.planEmpty(t)
		wantReady(t, s.machines["cp-01"], nodelab.Version, append(everyday, "worker-02")...)
	})

	step("labels and taints", func(t *testing.T) {
		n := s.config.Nodes["worker-02"]
		n.Labels, n.Taint = map[string]string{"example.com/disk": "ssd"}, "example.com/database"
		s.config.Nodes["worker-02"] = n
		_, took := s.apply(t)
		within(t, "labels and taints", took, changeTarget)
		s.planEmpty(t)
		found := nodes(t, s.machines["cp-01"])["worker-02"]
		if found.Labels["example.com/disk"] != "ssd" || len(found.Spec.Taints) != 1 || found.Spec.Taints[0].Key != "example.com/database" {
			t.Errorf("labels %v, taints %v", found.Labels, found.Spec.Taints)
		}

		// Changed by hand: the plan shows it, an apply puts it right.
		found.Labels["example.com/disk"] = "hdd"
		if _, err := api(t, s.machines["cp-01"]).CoreV1().Nodes().Update(t.Context(), &found, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if plan := s.plan(t); !strings.Contains(plan, "hdd") {
			t.Errorf("the plan does not show the label that was changed by hand:\n%s", plan)
		}
		n.Labels = nil
		s.config.Nodes["worker-02"] = n
		s.apply(t)
		if l := nodes(t, s.machines["cp-01"])["worker-02"].Labels; l["example.com/disk"] != "" {
			t.Errorf("the label stayed: %v", l)
		}
	})

	step("worker removed", func(t *testing.T) {
		delete(s.config.Nodes, "worker-02")
		_, took := s.apply(t)
		within(t, "worker removed", took, changeTarget)
		s.planEmpty(t)
		wantReady(t, s.machines["cp-01"], nodelab.Version, everyday...)
		if out, err := s.machines["worker-02"].Exec(t.Context(), "ls /etc/kubernetes"); err == nil && strings.Contains(out, "kubelet.conf") {
			t.Errorf("worker-02 still believes that it is a node: %s", out)
		}
	})

	if full {
		s.everyDayAfter(step, everyday)
	}

	step("destroy", func(t *testing.T) {
		t.Logf("destroy: %.1f s", s.destroy(t).Seconds())
		for name, m := range s.machines {
			out, err := m.Exec(t.Context(), "find /etc/kubernetes /var/lib/etcd -type f 2>/dev/null; ip -o addr show dev eth0 | grep -F '"+virtualIP+"/' || true")
			if err != nil || strings.TrimSpace(out) != "" {
				t.Errorf("left on %s: %v\n%s", name, err, out)
			}
		}
	})

	if full {
		step("create again", func(t *testing.T) {
			_, took := s.apply(t)
			within(t, "created again on the same machines", took, createTarget)
			s.planEmpty(t)
			for name := range s.config.Nodes {
				m := s.machines[name]
				if strings.HasPrefix(name, "cp-") {
					wantReady(t, m, s.config.Version, everyday...)
					break
				}
			}
		})
	}
}

// everyDayAfter is what happens to a cluster between its first and last day.
func (s *site) everyDayAfter(step func(string, func(*testing.T)), everyday []string) {
	step("control plane replaced", func(t *testing.T) {
		// The machine burnt down, and a new one takes its name.
		m := s.machines["cp-02"]
		if err := m.Kill(); err != nil {
			t.Fatal(err)
		}
		out, err := s.Run(t.Context(), 0, "plan", "-no-color")
		if err != nil || !strings.Contains(out, "cp-02") {
			t.Errorf("the plan does not name the control plane that died: %v\n%s", err, out)
		}
		s.untilNotReady(t, "cp-02")
		if err := m.Wipe(); err != nil {
			t.Fatal(err)
		}
		plan := s.plan(t)
		if !strings.Contains(plan, "join as control plane") || !strings.Contains(plan, "etcd") {
			t.Errorf("the plan does not say what will happen to cp-02 and to etcd:\n%s", plan)
		}
		_, took := s.apply(t)
		t.Logf("control plane replaced by a machine of its name: %.1f s", took.Seconds())
		s.planEmpty(t)
		wantMembers(t, s.machines["cp-01"], "cp-01", "cp-02", "cp-03")
		wantReady(t, s.machines["cp-01"], nodelab.Version, everyday...)
	})

	step("holder of the virtual address killed", func(t *testing.T) {
		holder := s.holder(t)
		p := probe(t.Context(), 100*time.Millisecond)
		time.Sleep(time.Second) // it answers before
		if err := holder.Kill(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * outageTarget)
		p.end()
		within(t, "API through the virtual address away after the death of its holder", p.longest(100*time.Millisecond), outageTarget)
		if len(p.failures) == 0 || time.Since(p.failures[len(p.failures)-1]) < time.Second {
			t.Errorf("%d failures, the last was %v", len(p.failures), p.last)
		}
		if err := holder.Boot(); err != nil {
			t.Fatal(err)
		}
		s.eventuallyEmpty(t)
	})

	step("upgrade", func(t *testing.T) {
		s.config.Version, s.config.Archive = nodelab.NextVersion, s.lab.Archive(nodelab.NextVersion)
		plan := s.plan(t)
		if !strings.Contains(plan, "drain, upgrade 1.34.4 to 1.34.5, uncordon") {
			t.Errorf("the plan does not say what the upgrade does:\n%s", plan)
		}
		p := probe(t.Context(), 100*time.Millisecond)
		_, took := s.apply(t)
		p.end()
		t.Logf("upgrade of four nodes: %.1f s; of %d requests, one every 100 ms, %d failed; the longest outage was %s (last: %v)",
			took.Seconds(), p.asked, len(p.failures), p.longest(100*time.Millisecond), p.last)
		s.planEmpty(t)
		wantReady(t, s.machines["cp-01"], nodelab.NextVersion, everyday...)
		wantMembers(t, s.machines["cp-01"], "cp-01", "cp-02", "cp-03")
		if away := p.longest(100 * time.Millisecond); away > outageTarget {
			t.Errorf("the API was away for %s", away)
		}
	})
}

// untilNotReady waits until the cluster has noticed that a machine is gone,
// which takes 40 s.
func (s *site) untilNotReady(t *testing.T, name string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for isReady(nodes(t, s.machines["cp-01"])[name]) {
		select {
		case <-ctx.Done():
			t.Fatalf("%s is still Ready", name)
		case <-time.After(time.Second):
		}
	}
}

// eventuallyEmpty waits until a cluster that lost a machine for a while is whole
// again, as its plan sees it.
func (s *site) eventuallyEmpty(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for {
		_, err := s.Run(ctx, 0, "plan", "-detailed-exitcode", "-no-color")
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
	}
}
