package remote

import (
	"context"
	"crypto/ed25519"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// TestErrorTexts keeps what a person reads: where, what, why, and what to do now.
func TestErrorTexts(t *testing.T) {
	// A key that is the same in every run.
	got, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public())
	if err != nil {
		t.Fatal(err)
	}
	const host, bastion = "10.0.0.11", "bastion.example.com:22"
	connect := func(err error) error { return &ConnectError{Host: host, Port: 22, Err: err} }
	refusal := func(reason ssh.RejectionReason, message string) error {
		return &TunnelError{Host: "bastion.example.com", Target: host + ":22", Err: &ssh.OpenChannelError{Reason: reason, Message: message}}
	}
	sudo := func(reason SudoReason, output string) error {
		return &SudoError{Host: host, User: "deploy", Reason: reason, Output: output}
	}
	var text strings.Builder
	for _, c := range []struct {
		name string
		err  error
	}{
		{"refused", connect(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED})},
		{"other port", &ConnectError{Host: host, Port: 2222, Err: syscall.ECONNREFUSED}},
		{"no answer", connect(errNoAnswer)},
		{"no route", connect(syscall.EHOSTUNREACH)},
		{"unknown name", connect(&net.DNSError{Name: "node-1.example.internal", IsNotFound: true})},
		{"hung up", connect(fmt.Errorf("ssh: handshake failed: %w", io.EOF))},
		{"no common host key", connect(&ssh.AlgorithmNegotiationError{What: "host key", RequestedAlgorithms: []string{"ssh-ed25519"}})},
		{"no common cipher", connect(&ssh.AlgorithmNegotiationError{What: "client to server cipher", RequestedAlgorithms: []string{"3des-cbc"}})},
		{"interrupted", connect(context.Canceled)},
		{"bastion refused", &ConnectError{Host: host, Port: 22, Bastion: bastion, Err: &bastionError{&ConnectError{Host: "bastion.example.com", Port: 22, Err: syscall.ECONNREFUSED}}}},
		{"bastion cannot reach", &ConnectError{Host: host, Port: 22, Bastion: bastion, Err: refusal(ssh.ConnectionFailed, "Connection refused")}},
		{"bastion does not forward", &ConnectError{Host: host, Port: 22, Bastion: bastion, Err: refusal(ssh.Prohibited, "open failed")}},
		{"no host key", &UnknownHostKeyError{Host: host, Port: 22}},
		{"not in known_hosts", &UnknownHostKeyError{Host: host, Port: 2222, File: "/home/ci/.ssh/known_hosts"}},
		{"host key changed", &HostKeyChangedError{Host: host, Port: 22, Want: []string{"SHA256:expected"}, Got: got, Source: "`host_key`"}},
		{"login refused", &AuthError{Host: host, Port: 22, User: "deploy", Tried: "key SHA256:abc, password", Err: errors.New("ssh: unable to authenticate")}},
		{"too many keys", &AuthError{Host: host, Port: 22, User: "deploy", Tried: "key SHA256:abc", Err: errors.New("ssh: disconnect, reason 2: Too many authentication failures")}},
		{"no session", &SessionError{Host: host, Command: "kubeadm version", Err: &ssh.OpenChannelError{Reason: ssh.ConnectionFailed, Message: "open failed"}}},
		{"tunnel", &TunnelError{Host: host, Target: "127.0.0.1:2379", Err: &ssh.OpenChannelError{Reason: ssh.ConnectionFailed, Message: "Connection refused"}}},
		{"lost", &LostError{Host: host, Command: "kubeadm version", Err: io.EOF}},
		{"dead", &LostError{Host: host, Command: "kubeadm version", Err: errPeerDead}},
		{"stopped by hand", &InterruptedError{Host: host, Command: "kubeadm version", Err: context.Canceled}},
		{"too slow", &InterruptedError{Host: host, Command: "kubeadm version", Err: context.DeadlineExceeded}},
		{"exit status", &ExitError{Host: host, Command: "kubeadm join", Code: 1, Output: "error execution phase preflight"}},
		{"missing program", &ExitError{Host: host, Command: "kubeadm", Code: 127, Output: "sh: kubeadm: not found"}},
		{"killed", &ExitError{Host: host, Command: "kubeadm join", Signal: "KILL"}},
		{"sudo missing", sudo(SudoMissing, "sh: sudo: not found")},
		{"sudo needs a password", sudo(SudoNeedsPassword, "sudo: a password is required")},
		{"sudo password wrong", sudo(SudoWrongPassword, "Sorry, try again.")},
		{"sudo not allowed", sudo(SudoNotAllowed, "deploy is not in the sudoers file.")},
		{"sudo wants a terminal", sudo(SudoNeedsTerminal, "sudo: sorry, you must have a tty to run sudo")},
		{"sudo refused", sudo(SudoRefused, "")},
		{"job lost", &JobLostError{Host: host, Job: "kubeadm-init", Output: "[certs] Generating"}},
		{"job too slow", &JobTimeoutError{Host: host, Job: "kubeadm-init", Timeout: 10 * time.Minute, Output: "[wait-control-plane]"}},
	} {
		var hinted interface{ Hint() string }
		if !errors.As(c.err, &hinted) {
			t.Errorf("%s: no hint", c.name)
			continue
		}
		fmt.Fprintf(&text, "# %s\n%v\n\n%s\n\n", c.name, c.err, hinted.Hint())
	}
	const golden = "testdata/errors.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Error(diff)
	}
}
