package machines

import (
	"os"
	"testing"
)

// TestCut kills the provider (SIGKILL) in every phase of an apply in turn. The
// next apply goes on from there, and in the end there is one cluster.
func TestCut(t *testing.T) {
	requireForm(t, "short", "full")
	points := []string{
		"Prepare", "kubeadm init", "Join control planes", "etcd", "Join workers", "labels",
	}
	if os.Getenv(formVariable) == "short" {
		points = []string{"kubeadm init"}
	}
	s := newSite(t, "cp-01", "cp-02", "worker-01")
	for _, words := range points {
		t.Run(words, func(t *testing.T) { s.killed(t, words) })
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
