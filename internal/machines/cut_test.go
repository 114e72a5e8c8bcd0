package machines

import (
	"os"
	"testing"
)

// TestCut kills the provider (SIGKILL) in every phase of an apply in turn, once
// with the machine that it works on. The next apply goes on from there, and in
// the end there is one cluster.
func TestCut(t *testing.T) {
	requireForm(t, "short", "full")
	cuts := []struct {
		at     string // words of the progress file
		reboot string // this machine, too
	}{
		{at: "unpacking the archive"},
		{at: "Initialise the first control plane: cp-01: kubeadm: control-plane"},
		{at: "Store the configuration"},
		{at: "Join control planes: cp-02: kubeadm: etcd", reboot: "cp-02"},
		{at: "Join control planes: cp-02: kubeadm: kubelet-start"},
		{at: "Join workers: worker-01: kubeadm: kubelet-start"},
		{at: "Uncordon and label nodes"},
	}
	if os.Getenv(formVariable) == "short" {
		cuts = cuts[1:2]
	}
	s := newSite(t, "cp-01", "cp-02", "worker-01")
	for _, cut := range cuts {
		ok := t.Run(cut.at, func(t *testing.T) {
			s.killed(t, cut.at)
			if cut.reboot != "" {
				if err := s.machines[cut.reboot].Reboot(); err != nil {
					t.Fatal(err)
				}
			}
		})
		if !ok {
			t.FailNow()
		}
	}
	s.apply(t)
	s.planEmpty(t)
	if n := s.initialisations(t); n != 1 {
		t.Errorf("kubeadm init ran %d times", n)
	}
	wantReady(t, s.machines["cp-01"], s.config.Version, "cp-01", "cp-02", "worker-01")
	wantMembers(t, s.machines["cp-01"], "cp-01", "cp-02")
	s.destroy(t)
}
