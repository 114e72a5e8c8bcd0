package kubeadm

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/version"
)

// oldest is the first release with the configuration format of the documents.
var oldest = version.MustParseSemantic("1.31.0")

// kubeletSkew is how many minor versions a kubelet may be behind the API server.
const kubeletSkew = 3

// CheckUpgrade says why a cluster cannot go from one version to another: nil
// for the same version, a newer patch release, or the next minor release.
func CheckUpgrade(from, to string) error {
	have, err := version.ParseSemantic(from)
	if err != nil {
		return fmt.Errorf("the cluster's version: %w", err)
	}
	want, err := version.ParseSemantic(to)
	if err != nil {
		return fmt.Errorf("the wanted version: %w", err)
	}
	switch {
	case want.LessThan(have):
		return fmt.Errorf("version %s cannot go back to %s: kubeadm has no downgrade; set the version to %s or newer", from, to, from)
	case want.Major() != have.Major():
		return fmt.Errorf("version %s cannot go to %s: kubeadm does not upgrade across major versions", from, to)
	case want.Minor() > have.Minor()+1:
		next := fmt.Sprintf("%d.%d", have.Major(), have.Minor()+1)
		return fmt.Errorf("version %s cannot go to %s at once: kubeadm upgrades one minor version at a time; set the version to a release of %s, apply, then go on",
			from, to, next)
	}
	return nil
}

// sameVersion compares versions by meaning; one that cannot be read is no
// other's equal.
func sameVersion(a, b string) bool {
	x, errX := version.ParseSemantic(a)
	y, errY := version.ParseSemantic(b)
	return errX == nil && errY == nil && x.EqualTo(y)
}

// checkKubelet says why a kubelet cannot work with an API server, or "".
func checkKubelet(kubelet, apiServer string) string {
	k, errK := version.ParseSemantic(kubelet)
	a, errA := version.ParseSemantic(apiServer)
	switch {
	case errK != nil || errA != nil:
		return ""
	case a.LessThan(k):
		return fmt.Sprintf("its kubelet %s is newer than Kubernetes %s", kubelet, apiServer)
	case k.Minor()+kubeletSkew < a.Minor():
		return fmt.Sprintf("its kubelet %s is more than %d minor versions older than Kubernetes %s", kubelet, kubeletSkew, apiServer)
	}
	return ""
}

// checkServers says why two API servers cannot stand side by side, or "".
func checkServers(have, want string) string {
	h, errH := version.ParseSemantic(have)
	w, errW := version.ParseSemantic(want)
	switch {
	case errH != nil || errW != nil:
		return ""
	case w.LessThan(h):
		return fmt.Sprintf("its API server %s is newer than Kubernetes %s", have, want)
	case h.Minor()+1 < w.Minor():
		return fmt.Sprintf("its API server %s is more than one minor version older than Kubernetes %s", have, want)
	}
	return ""
}
