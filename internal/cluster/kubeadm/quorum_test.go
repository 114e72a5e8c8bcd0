package kubeadm

import "testing"

func TestQuorum(t *testing.T) {
	tests := []struct {
		members, healthy, quorum, tolerates int
		text                                string
	}{
		{1, 1, 1, 0, "1 member, tolerates none"},
		{2, 2, 2, 0, "2 members, tolerates none"},
		{3, 3, 2, 1, "3 members, tolerates the loss of 1"},
		{3, 2, 2, 0, "3 members, 2 healthy, tolerates none"},
		{3, 1, 2, -1, "3 members, 1 healthy, no quorum"},
		{4, 4, 3, 1, "4 members, tolerates the loss of 1"},
		{5, 5, 3, 2, "5 members, tolerates the loss of 2"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			if got := QuorumOf(test.members); got != test.quorum {
				t.Errorf("the quorum is %d, want %d", got, test.quorum)
			}
			if got := Tolerates(test.healthy, test.members); got != test.tolerates {
				t.Errorf("it tolerates %d, want %d", got, test.tolerates)
			}
			if got := (electorate{test.members, test.healthy}).String(); got != test.text {
				t.Errorf("got %q", got)
			}
		})
	}
}
