package remote

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

// machine is a server that runs commands by the shell of this one, with /run/onprem in a folder of its own and with
// sudo, systemctl and systemd-run from testdata.
type machine struct {
	*sshtest.Server
	root string
	exec func(*sshtest.Exec) int
}

func newMachine(t *testing.T, o sshtest.Options, env ...string) *machine {
	t.Helper()
	bin, err := filepath.Abs("testdata/bin")
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{root: t.TempDir()}
	units := filepath.Join(m.root, "units")
	if err := os.Mkdir(units, 0o700); err != nil {
		t.Fatal(err)
	}
	m.exec = func(e *sshtest.Exec) int {
		return e.Shell(func(cmd *exec.Cmd) {
			cmd.Args[2] = strings.ReplaceAll(cmd.Args[2], jobs, m.root+jobs)
			cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "UNITS="+units)
			cmd.Env = append(cmd.Env, env...)
		})
	}
	if o.Exec == nil {
		o.Exec = m.exec
	}
	m.Server = sshtest.Start(t, o)
	return m
}

func (m *machine) path(name string) string { return filepath.Join(m.root, name) }

func (m *machine) config() Config {
	return Config{
		Host: m.Host(), Port: m.Port(), HostKeys: []string{m.HostKey()}, PrivateKeys: []string{m.PrivateKey()},
		ConnectTimeout: 5 * time.Second,
	}
}

func (m *machine) dial(t *testing.T) *Conn {
	t.Helper()
	return mustDial(t, m.config())
}

func mustDial(t *testing.T, config Config) *Conn {
	t.Helper()
	c, err := Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// failure makes sure that err is a T.
func failure[T error](t *testing.T, err error) T {
	t.Helper()
	var want T
	if !errors.As(err, &want) {
		t.Fatalf("got %T (%v), want %T", err, err, want)
	}
	return want
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never came: " + what)
		}
	}
}

func TestConnectFailures(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		m := newMachine(t, sshtest.Options{})
		m.Down()
		_, err := Dial(t.Context(), m.config())
		if e := failure[*ConnectError](t, err); !errors.Is(e, syscall.ECONNREFUSED) {
			t.Error(e)
		}
	})
	t.Run("says nothing", func(t *testing.T) {
		m := newMachine(t, sshtest.Options{})
		m.Hang(true)
		config := m.config()
		config.ConnectTimeout = 50 * time.Millisecond
		_, err := Dial(t.Context(), config)
		if e := failure[*ConnectError](t, err); !errors.Is(e, errNoAnswer) {
			t.Error(e)
		}
	})
	t.Run("hangs up", func(t *testing.T) {
		m := newMachine(t, sshtest.Options{})
		m.CutAfter(1)
		_, err := Dial(t.Context(), m.config())
		if e := failure[*ConnectError](t, err); !strings.Contains(e.Error(), "hung up") {
			t.Error(e)
		}
	})
	t.Run("given up", func(t *testing.T) {
		m := newMachine(t, sshtest.Options{})
		m.Hang(true)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := Dial(ctx, m.config())
		if e := failure[*ConnectError](t, err); !errors.Is(e, context.DeadlineExceeded) {
			t.Error(e)
		}
	})
}

func TestDialWait(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	m.Down()
	done := make(chan error, 1)
	go func() {
		c, err := DialWait(t.Context(), m.config())
		if err == nil {
			err = c.Close()
		}
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}

	_, other := sshtest.NewKey(t)
	m.SetHostKeys(other)
	config := m.config()
	config.HostKeys = []string{"SHA256:nobody"}
	_, err := DialWait(t.Context(), config)
	_ = failure[*HostKeyChangedError](t, err)
}

func TestDialWaitEndsWithTheLastReason(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	m.Down()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := DialWait(ctx, m.config())
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want the refusal", err)
	}
}

func TestReconnects(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	m.Down()
	if err := m.Up(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.repeat(t.Context(), Command{Argv: []string{"true"}}, nil); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Run(t.Context(), Command{Argv: []string{"true"}}); err == nil {
		t.Error("a closed connection ran a command")
	}
}

func TestDeadPeerIsNoticed(t *testing.T) {
	every, patience := keepAliveEvery, keepAliveFor
	keepAliveEvery, keepAliveFor = 20*time.Millisecond, 50*time.Millisecond
	t.Cleanup(func() { keepAliveEvery, keepAliveFor = every, patience })
	started := make(chan struct{})
	m := newMachine(t, sshtest.Options{Exec: func(e *sshtest.Exec) int {
		close(started)
		<-e.Context.Done()
		return 0
	}})
	c := m.dial(t)
	done := make(chan error, 1)
	go func() {
		_, err := c.Run(t.Context(), Command{Title: "the upgrade", Argv: []string{"sleep"}})
		done <- err
	}()
	<-started
	m.Freeze()
	if e := failure[*LostError](t, <-done); !errors.Is(e, errPeerDead) {
		t.Errorf("cause: %v", e.Err)
	}
}

func TestBastion(t *testing.T) {
	target := newMachine(t, sshtest.Options{})
	bastion := newMachine(t, sshtest.Options{Dial: dialTCP})
	through := bastion.config()
	config := target.config()
	config.Bastion = &through

	t.Run("goes through", func(t *testing.T) {
		result, err := mustDial(t, config).Run(t.Context(), Command{Argv: []string{"echo", "hello"}})
		if err != nil || result.Text() != "hello" {
			t.Errorf("got %q, %v", result.Text(), err)
		}
	})
	t.Run("has its own host key", func(t *testing.T) {
		wrong := through
		wrong.HostKeys = target.config().HostKeys
		config := config
		config.Bastion = &wrong
		_, err := Dial(t.Context(), config)
		if e := failure[*HostKeyChangedError](t, err); e.Port != bastion.Port() {
			t.Errorf("blames port %d", e.Port)
		}
		if e := failure[*ConnectError](t, err); !strings.Contains(e.Error(), "the bastion cannot be used") || e.Hint() == "" {
			t.Error(e)
		}
	})
	t.Run("cannot reach the machine", func(t *testing.T) {
		config := config
		config.Port = closedPort(t)
		_, err := Dial(t.Context(), config)
		if e := failure[*ConnectError](t, err); !strings.Contains(e.Error(), "cannot reach it: connection refused") {
			t.Error(e)
		}
	})
	t.Run("does not forward", func(t *testing.T) {
		mute := newMachine(t, sshtest.Options{})
		through := mute.config()
		config := config
		config.Bastion = &through
		_, err := Dial(t.Context(), config)
		if e := failure[*ConnectError](t, err); !strings.Contains(e.Hint(), "AllowTcpForwarding") {
			t.Error(e, e.Hint())
		}
	})
}

func TestPool(t *testing.T) {
	bastion := newMachine(t, sshtest.Options{Dial: dialTCP})
	through := bastion.config()
	var machines []*machine
	var pool Pool
	for range 3 {
		m := newMachine(t, sshtest.Options{})
		machines = append(machines, m)
		config := m.config()
		config.Bastion = &through
		var conns []*Conn
		for range 2 {
			c, err := pool.Get(t.Context(), config)
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
		}
		if conns[0] != conns[1] {
			t.Error("two connections to one machine")
		}
	}
	if n := bastion.Connections(); n != 1 {
		t.Errorf("%d connections to the bastion, want 1", n)
	}
	if err := pool.Close(); err != nil {
		t.Error(err)
	}
	if _, err := pool.Get(t.Context(), machines[0].config()); err == nil {
		t.Error("a closed pool connects")
	}
}
