package kubeadm

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLabelsOf(t *testing.T) {
	db := Taint{Key: "dedicated", Value: "db", Effect: "NoSchedule"}
	web := Taint{Key: "dedicated", Value: "web", Effect: "NoSchedule"}
	lost := Taint{Key: "node.kubernetes.io/unreachable", Effect: "NoExecute"}
	tests := map[string]struct {
		want Node
		have NodeObject
		text string
	}{
		"as wanted":            {Node{Labels: map[string]string{"zone": "a"}}, NodeObject{Labels: map[string]string{"zone": "a", "other": "x"}}, ""},
		"set, change":          {Node{Labels: map[string]string{"zone": "a", "disk": ""}}, NodeObject{Labels: map[string]string{"zone": "b"}}, "labels +disk +zone=a"},
		"ours goes":            {Node{}, NodeObject{Labels: map[string]string{"disk": "", "x": ""}, Owned: &Owned{Labels: []string{"disk", "gone"}}}, "labels -disk"},
		"foreign stays":        {Node{}, NodeObject{Labels: map[string]string{"disk": ""}, Taints: []Taint{db}}, ""},
		"taint put":            {Node{Taints: []Taint{db}}, NodeObject{Taints: []Taint{lost}}, "taints +dedicated=db:NoSchedule"},
		"taint's value":        {Node{Taints: []Taint{web}}, NodeObject{Taints: []Taint{db}, Owned: &Owned{Taints: []Taint{db}}}, "taints +dedicated=web:NoSchedule"},
		"our taint goes":       {Node{Taints: []Taint{}}, NodeObject{Taints: []Taint{db, lost}, Owned: &Owned{Taints: []Taint{db}}}, "taints -dedicated=db:NoSchedule"},
		"no longer managed":    {Node{}, NodeObject{Taints: []Taint{db}, Owned: &Owned{Taints: []Taint{db}}}, "taints -dedicated=db:NoSchedule"},
		"control plane opened": {Node{Role: ControlPlane, Taints: []Taint{}}, NodeObject{ControlPlane: true, Taints: []Taint{planeTaint}}, "taints -node-role.kubernetes.io/control-plane:NoSchedule"},
		"control plane closed": {Node{Role: ControlPlane}, NodeObject{ControlPlane: true, Owned: &Owned{Taints: []Taint{}}}, "taints +node-role.kubernetes.io/control-plane:NoSchedule"},
		"label taken":          {Node{Role: ControlPlane}, NodeObject{}, "labels +node-role.kubernetes.io/control-plane"},
		"opened by hand":       {Node{Role: ControlPlane}, NodeObject{ControlPlane: true}, ""},
		"both": {Node{Labels: map[string]string{"zone": "a"}, Taints: []Taint{db}}, NodeObject{Labels: map[string]string{"disk": ""}, Owned: &Owned{Labels: []string{"disk"}}},
			"labels +zone=a -disk, taints +dedicated=db:NoSchedule"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			change := LabelsOf(test.want, test.have)
			if diff := cmp.Diff(test.text, change.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			relabel(test.want, &test.have)
			if again := LabelsOf(test.want, test.have); !again.Empty() || !again.Owned.equal(test.have.Owned) {
				t.Errorf("a second time: %s", again)
			}
		})
	}
}
