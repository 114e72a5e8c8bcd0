package remote

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

// gated is a job that prints, waits for a file, prints again and ends with a status.
func gated(m *machine, status string) Job {
	return Job{Name: "kubeadm-init", Argv: []string{"sh", "-c", `echo one; until [ -e "$1" ]; do sleep 0.01; done; echo two >&2; exit "$2"`, "sh", m.path("gate"), status}}
}

func open(t *testing.T, m *machine) {
	t.Helper()
	if err := os.WriteFile(m.path("gate"), nil, 0o600); err != nil {
		t.Error(err)
	}
}

// starts counts how often systemd-run started a unit.
func starts(t *testing.T, m *machine) int {
	t.Helper()
	log, err := os.ReadFile(m.path("units/starts"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(log), "start")
}

func fastPolls(t *testing.T) {
	t.Helper()
	first, last := firstPoll, lastPoll
	firstPoll, lastPoll = 10*time.Millisecond, 20*time.Millisecond
	t.Cleanup(func() { firstPoll, lastPoll = first, last })
}

func TestJob(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	for _, step := range []struct {
		name  string
		argv  []string
		lines []string
		code  int
	}{
		{name: "success", argv: []string{"printf", `%s\n`, "a b", "it's", "$(c)", "$HOME", "$$"}, lines: []string{"a b", "it's", "$(c)", "$HOME", "$$"}},
		{name: "variables", argv: []string{"sh", "-c", "echo $V; umask"}, lines: []string{"two words $x", "0022"}},
		{name: "failure", argv: []string{"sh", "-c", "echo broken; exit 4"}, lines: []string{"broken"}, code: 4},
		{name: "after a failure", argv: []string{"printf", "no end of line"}, lines: []string{"no end of line"}},
		{name: "silent", argv: []string{"true"}},
		{name: "missing program", argv: []string{"/no/such/program"}, code: 127},
	} {
		t.Run(step.name, func(t *testing.T) {
			var lines []string
			_, err := c.RunJob(t.Context(), Job{Name: "kubeadm-init", Argv: step.argv, Env: []string{"V=two words $x"}}, func(line string) { lines = append(lines, line) })
			if step.code == 0 && err != nil {
				t.Fatal(err)
			}
			if step.code != 0 {
				if e := failure[*ExitError](t, err); e.Code != step.code || e.Command != "kubeadm-init" {
					t.Errorf("got %+v", e)
				}
			}
			if diff := cmp.Diff(step.lines, lines); diff != "" && step.code != 127 { // 127: in the shell's words
				t.Error(diff)
			}
		})
	}
	for path, mode := range map[string]os.FileMode{"run/onprem": os.ModeDir | 0o700, "run/onprem/kubeadm-init.log": 0o600} {
		if info, err := os.Stat(m.path(path)); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestJobOutputComesWhole(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	lines := 0
	out, err := m.dial(t).RunJob(t.Context(), Job{Name: "much", Argv: []string{"seq", "200000"}}, func(string) { lines++ })
	if err != nil || lines != 200000 || !strings.HasSuffix(string(out.Log), "\n200000\n") {
		t.Errorf("%d lines, %v", lines, err)
	}
}

func TestJobIsNeverStartedTwice(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	first, err := m.dial(t).StartJob(t.Context(), gated(m, "0"))
	if err != nil {
		t.Fatal(err)
	}
	other := m.dial(t)
	second, err := other.StartJob(t.Context(), gated(m, "0"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := other.FindJob(t.Context(), "kubeadm-init")
	if err != nil || found == nil {
		t.Fatalf("not found: %v", err)
	}
	open(t, m)
	for _, r := range []*RunningJob{first, second, found} {
		out, err := r.Wait(t.Context(), nil)
		if err != nil || string(out.Log) != "one\ntwo\n" || out.Attached != (r != first) {
			t.Errorf("got %q, attached %t, %v", out.Log, out.Attached, err)
		}
	}
	if n := starts(t, m); n != 1 {
		t.Errorf("started %d times", n)
	}
	if found, err = other.FindJob(t.Context(), "kubeadm-init"); found != nil || err != nil {
		t.Errorf("found a job that ended: %v, %v", found, err)
	}
}

func TestJobSurvivesTheConnection(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	var lines []string
	_, err := m.dial(t).RunJob(t.Context(), gated(m, "5"), func(line string) {
		lines = append(lines, line)
		if line == "one" {
			m.Down()
			open(t, m)
			if err := m.Up(); err != nil {
				t.Error(err)
			}
		}
	})
	if e := failure[*ExitError](t, err); e.Code != 5 {
		t.Error(e)
	}
	if diff := cmp.Diff([]string{"one", "two"}, lines); diff != "" {
		t.Error(diff)
	}
	if n := starts(t, m); n != 1 {
		t.Errorf("started %d times", n)
	}
}

func TestJobIsNotStartedAgainWhenTheAnswerIsLost(t *testing.T) {
	fastPolls(t)
	var m *machine
	shell := newMachine(t, sshtest.Options{})
	cut := false
	run := shell.exec
	m = newMachine(t, sshtest.Options{Exec: func(e *sshtest.Exec) int {
		code := run(e)
		if !cut && strings.Contains(e.Command, "systemd-run") {
			cut = true
			m.Cut()
		}
		return code
	}})
	out, err := m.dial(t).RunJob(t.Context(), Job{Name: "quick", Argv: []string{"echo", "done"}}, nil)
	if err != nil || string(out.Log) != "done\n" || out.Attached {
		t.Errorf("got %q, attached %t, %v", out.Log, out.Attached, err)
	}
	if n := starts(t, shell); n != 1 {
		t.Errorf("started %d times", n)
	}
}

func TestJobOfARestartedMachine(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	_, err := m.dial(t).RunJob(t.Context(), gated(m, "0"), func(line string) {
		m.Down()
		open(t, m) // ends it
		if err := errors.Join(os.RemoveAll(m.path("run")), m.Up()); err != nil {
			t.Error(err)
		}
	})
	if e := failure[*JobLostError](t, err); e.Job != "kubeadm-init" || e.Output != "one" {
		t.Errorf("got %+v", e)
	}
}

func TestJobThatSomebodyStopped(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	_, err := m.dial(t).RunJob(t.Context(), gated(m, "0"), func(line string) {
		if err := os.Remove(m.path("units/onprem-kubeadm-init.service")); err != nil {
			t.Error(err)
		}
	})
	_ = failure[*JobLostError](t, err)
	open(t, m)
}

func TestJobTimeout(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	job := Job{Name: "slow", Argv: []string{"sh", "-c", "echo one; exec sleep 60"}, Timeout: 100 * time.Millisecond}
	_, err := m.dial(t).RunJob(t.Context(), job, nil)
	if e := failure[*JobTimeoutError](t, err); e.Output != "one" {
		t.Errorf("got %+v", e)
	}
}

func TestJobGoesOnWhenNobodyWaits(t *testing.T) {
	fastPolls(t)
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := c.RunJob(ctx, gated(m, "0"), func(string) { cancel() })
	if e := failure[*InterruptedError](t, err); !strings.Contains(e.Error(), "onprem-kubeadm-init.service, which goes on") {
		t.Error(e)
	}
	open(t, m)
	eventually(t, "the end of the job", func() bool {
		code, err := os.ReadFile(m.path("run/onprem/kubeadm-init.exit"))
		return err == nil && string(code) == "0\n"
	})
}

func TestJobOfAMachineThatStaysAway(t *testing.T) {
	fastPolls(t)
	before := reconnectFor
	reconnectFor = 100 * time.Millisecond
	t.Cleanup(func() { reconnectFor = before })
	m := newMachine(t, sshtest.Options{})
	_, err := m.dial(t).RunJob(t.Context(), gated(m, "0"), func(string) { m.Down() })
	if !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), "may still run") {
		t.Error(err)
	}
	open(t, m)
}

func TestJobName(t *testing.T) {
	c := newMachine(t, sshtest.Options{}).dial(t)
	for _, name := range []string{"", "-a", "a/b", "../a", "A", "a b", "a.service"} {
		if _, err := c.StartJob(t.Context(), Job{Name: name, Argv: []string{"true"}}); err == nil {
			t.Errorf("%q is taken", name)
		}
	}
}
