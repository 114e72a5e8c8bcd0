package operate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/kubeadm"
	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
)

func TestRedact(t *testing.T) {
	key := strings.Repeat("0123456789abcdef", 4)
	for name, tt := range map[string]struct{ text, want string }{
		"token":                    {"kubeadm join --token abcdef.0123456789abcdef now", "kubeadm join --token (token) now"},
		"certificate key":          {"Using certificate key:\n" + key, "Using certificate key:\n(key)"},
		"hash of the authority":    {"--discovery-token-ca-cert-hash sha256:" + key, "--discovery-token-ca-cert-hash sha256:" + key},
		"name that looks like one": {"cp-001.example.internal:6443", "cp-001.example.internal:6443"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, redact(tt.text)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStepErrorShowsLastWordsWithoutSecrets(t *testing.T) {
	output := strings.Repeat("[certs] noise\n", 40) + "\n[token] abcdef.0123456789abcdef\nerror execution phase preflight: port 10250 is in use\n"
	err := &StepError{kubeadm.Init, "cp-01", withoutSecrets(&remote.ExitError{Host: "192.0.2.11", Command: "kubeadm-init", Code: 1, Output: output})}
	for _, want := range []string{"init of cp-01 failed", "port 10250 is in use", "[token] (token)"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %q", want, err)
		}
	}
	if n := strings.Count(err.Error(), "noise"); n != keptLines-2 {
		t.Errorf("%d lines of noise are left", n)
	}
	if !strings.HasSuffix(err.Hint(), "it continues from here.") {
		t.Errorf("the hint is %q", err.Hint())
	}
}

func TestPhases(t *testing.T) {
	var told []string
	o := New(func(_ context.Context, e Event) { told = append(told, e.Node+" "+e.Text) })
	line := o.phases(t.Context(), "cp-01")
	for text := range strings.Lines("[init] Using Kubernetes version: v1.34.4\n[certs] a\n[certs] b\nabcdef.0123456789abcdef\n[etcd] c\n") {
		line(strings.TrimSpace(text))
	}
	if diff := cmp.Diff([]string{"cp-01 kubeadm: init", "cp-01 kubeadm: certs", "cp-01 kubeadm: etcd"}, told); diff != "" {
		t.Error(diff)
	}
}

func TestWait(t *testing.T) {
	defer func(before time.Duration) { waitEvery = before }(waitEvery)
	waitEvery = time.Millisecond
	for name, tt := range map[string]struct {
		patience time.Duration
		ready    int // at which look
		want     string
	}{
		"at once": {patience: time.Minute, ready: 1},
		"later":   {patience: time.Minute, ready: 3},
		"never":   {patience: time.Millisecond, want: "etcd: not within 1ms: it still learns"},
	} {
		t.Run(name, func(t *testing.T) {
			looks := 0
			err := wait(t.Context(), "etcd", tt.patience, func(context.Context) (bool, string) {
				looks++
				return looks == tt.ready, "it still learns"
			})
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("given up", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		reason := errors.New("the run was interrupted")
		cancel(reason)
		if err := wait(ctx, "etcd", time.Minute, func(context.Context) (bool, string) { return false, "" }); !errors.Is(err, reason) {
			t.Errorf("got %v", err)
		}
	})
}

func TestTellingWords(t *testing.T) {
	const noise = "E1121 status_manager.go:1018] connection refused\n"
	const cause = `E1121 pod_workers.go:1324] "Error syncing pod, skipping" err="failed to get sandbox image"` + "\n"
	for name, tt := range map[string]struct{ journal, want string }{
		"a pod that does not start": {strings.Repeat(noise, 30) + cause + strings.Repeat(noise, 30), strings.TrimSpace(cause)},
		"nothing but noise":         {noise, strings.TrimSpace(noise)},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tellingWords(tt.journal)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestJoinIsRepeatedOnlyBeforeAChange(t *testing.T) {
	for output, want := range map[string]bool{
		"error: error execution phase control-plane-prepare/download-certs: error downloading certs: request canceled": true,
		"error: error execution phase preflight: couldn't validate the identity of the API Server: EOF":                true,
		"error: error execution phase control-plane-join/etcd: error creating local etcd static pod manifest file":     false,
		"error: error execution phase kubelet-start: a Node with name \"cp-02\" and status \"Ready\" already exists":   false,
	} {
		if got := beforeChange(fmt.Errorf("joining: %w", &remote.ExitError{Code: 1, Output: output})); got != want {
			t.Errorf("%s: %t", output, got)
		}
	}
	if beforeChange(nil) || beforeChange(errors.New("the connection was lost")) {
		t.Error("repeated without a word of kubeadm")
	}
}
