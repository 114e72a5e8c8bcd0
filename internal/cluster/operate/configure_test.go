package operate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
)

func TestMergeKubeletFlags(t *testing.T) {
	const kubeadms = `KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.11 --pod-infra-container-image=registry.k8s.io/pause:3.10.1"` + "\n"
	const ours = `KUBELET_KUBEADM_ARGS="--node-ip=192.0.2.11 --pod-infra-container-image=registry.k8s.io/pause:3.10.1 --v=4"` + "\n"
	for name, tt := range map[string]struct {
		file  string
		want  []kubeadm.Argument
		owned []string
		merge string
	}{
		"nothing":              {file: kubeadms, merge: kubeadms},
		"one more":             {file: kubeadms, want: []kubeadm.Argument{{Name: "v", Value: "4"}}, merge: ours},
		"another value":        {file: `KUBELET_KUBEADM_ARGS="--v=2 --a=b"`, want: []kubeadm.Argument{{Name: "v", Value: "4"}}, merge: `KUBELET_KUBEADM_ARGS="--a=b --v=4"` + "\n"},
		"no more ours":         {file: ours, owned: []string{"v"}, merge: kubeadms},
		"not ours":             {file: ours, merge: ours},
		"twice the same":       {file: ours, want: []kubeadm.Argument{{Name: "v", Value: "4"}}, owned: []string{"v"}, merge: ours},
		"there is no file yet": {want: []kubeadm.Argument{{Name: "v", Value: "4"}}, merge: `KUBELET_KUBEADM_ARGS="--v=4"` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.merge, mergeKubeletFlags(tt.file, tt.want, tt.owned)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
