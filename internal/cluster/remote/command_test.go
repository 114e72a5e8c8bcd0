package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

var nasty = []string{
	"", " ", "plain", "two words", "-n", "--", "$HOME", "$(id)", "`id`", `"double"`, "'single'", `'"'"'`, `back\slash\`, "new\nline\n",
	"tab\tstop", "a;b|c&d>e<f", "*?[a]", "~", "!history", "#no comment", "ünïcode ✓", "\xff\xfe", "a=b", "{a,b}", "%s\\n",
}

func TestNoValueBecomesShell(t *testing.T) {
	m := newMachine(t, sshtest.Options{}, "SUDO=password", "SUDO_PASSWORD=pa ss'word")
	deploy := m.config()
	deploy.User, deploy.SudoPassword = "deploy", "pa ss'word"
	for name, c := range map[string]*Conn{"root": m.dial(t), "sudo": mustDial(t, deploy)} {
		want := strings.Join(nasty, "\x00") + "\x00"
		t.Run("arguments as "+name, func(t *testing.T) {
			result, err := c.Run(t.Context(), Command{Argv: append([]string{"printf", `%s\000`}, nasty...)})
			if err != nil || string(result.Stdout) != want {
				t.Errorf("got %q, %v\nwant %q", result.Stdout, err, want)
			}
		})
		t.Run("script as "+name, func(t *testing.T) {
			result, err := c.Run(t.Context(), Script("test", `printf '%s\000' "$@"`, nasty...))
			if err != nil || string(result.Stdout) != want {
				t.Errorf("got %q, %v\nwant %q", result.Stdout, err, want)
			}
		})
		t.Run("variables as "+name, func(t *testing.T) {
			for _, value := range nasty {
				result, err := c.Run(t.Context(), Command{Argv: []string{"sh", "-c", `printf %s "$VALUE"`}, Env: []string{"VALUE=" + value}})
				if err != nil || string(result.Stdout) != value {
					t.Errorf("got %q, %v, want %q", result.Stdout, err, value)
				}
			}
		})
	}
	if _, err := m.dial(t).Run(t.Context(), Command{Argv: []string{"echo", "a\x00b"}}); err == nil {
		t.Error("a NUL byte went through")
	}
}

func TestSudo(t *testing.T) {
	const password = "correct-horse"
	for name, c := range map[string]struct {
		sudo, password string
		want           SudoReason
		ok             bool
	}{
		"free":                          {sudo: "free", ok: true},
		"free, and a password is set":   {sudo: "free", password: password, ok: true},
		"with a password":               {sudo: "password", password: password, ok: true},
		"without the password":          {sudo: "password", want: SudoNeedsPassword},
		"wrong password":                {sudo: "password", password: "wrong-secret", want: SudoWrongPassword},
		"not in sudoers":                {sudo: "sudoers", want: SudoNotAllowed},
		"not in sudoers, password set":  {sudo: "sudoers", password: password, want: SudoNotAllowed},
		"wants a terminal":              {sudo: "terminal", want: SudoNeedsTerminal},
		"not installed":                 {sudo: "missing", want: SudoMissing},
		"not installed, password given": {sudo: "missing", password: password, want: SudoMissing},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, sshtest.Options{}, "SUDO="+c.sudo, "SUDO_PASSWORD="+password)
			config := m.config()
			config.User, config.SudoPassword = "deploy", c.password
			conn := mustDial(t, config)
			// The input goes to the command whole, whether sudo has read a line before or not.
			for range 2 {
				result, err := conn.Run(t.Context(), Command{Argv: []string{"cat"}, Stdin: strings.NewReader("first\nsecond\n")})
				if c.ok {
					if err != nil || string(result.Stdout) != "first\nsecond\n" {
						t.Fatalf("got %q, %v", result.Stdout, err)
					}
					continue
				}
				e := failure[*SudoError](t, err)
				if e.Reason != c.want {
					t.Errorf("reason %d, want %d: %v", e.Reason, c.want, e)
				}
				if strings.Contains(e.Error()+e.Hint(), c.password) && c.password != "" {
					t.Errorf("a secret in %v", e)
				}
			}
			for _, line := range m.Commands() {
				if c.password != "" && strings.Contains(line, c.password) {
					t.Errorf("a secret in the command line %q", line)
				}
			}
		})
	}
}

func TestRunFailures(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	t.Run("exit status", func(t *testing.T) {
		_, err := c.Run(t.Context(), Script("the check", "echo all is lost >&2; exit 3"))
		if e := failure[*ExitError](t, err); e.Code != 3 || e.Output != "all is lost" || e.Command != "the check" {
			t.Errorf("got %+v", e)
		}
	})
	t.Run("only the end of long words", func(t *testing.T) {
		_, err := c.Run(t.Context(), Script("the check", "seq 100000 >&2; exit 1"))
		if e := failure[*ExitError](t, err); len(e.Output) > tailOf+8 || !strings.HasSuffix(e.Output, "\n100000") {
			t.Errorf("%d bytes: %q", len(e.Output), e.Output)
		}
	})
	t.Run("too much output", func(t *testing.T) {
		_, err := c.Run(t.Context(), Command{Argv: []string{"head", "-c", "5000000", "/dev/zero"}})
		if err == nil || !strings.Contains(err.Error(), "printed more than 4 MiB") {
			t.Error(err)
		}
	})
	t.Run("input that nobody reads", func(t *testing.T) {
		if _, err := c.Run(t.Context(), Command{Argv: []string{"true"}, Stdin: strings.NewReader(strings.Repeat("x", 8<<20))}); err != nil {
			t.Error(err)
		}
	})
	t.Run("input that breaks", func(t *testing.T) {
		_, err := c.Run(t.Context(), Command{Argv: []string{"cat"}, Stdin: brokenReader{}})
		if !errors.Is(err, errBroken) {
			t.Errorf("got %v, want the reader's error", err)
		}
	})
	t.Run("nothing to run", func(t *testing.T) {
		if _, err := c.Run(t.Context(), Command{Title: "nothing"}); err == nil {
			t.Error("ran nothing")
		}
	})
}

var errBroken = errors.New("the disk is gone")

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func TestCancelEndsTheSession(t *testing.T) {
	started, ended := make(chan struct{}), make(chan struct{})
	m := newMachine(t, sshtest.Options{Exec: func(e *sshtest.Exec) int {
		close(started)
		<-e.Context.Done()
		close(ended)
		return 0
	}})
	c := m.dial(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	_, err := c.Run(ctx, Command{Argv: []string{"sleep"}})
	if e := failure[*InterruptedError](t, err); !errors.Is(e, context.Canceled) {
		t.Error(e)
	}
	<-ended
	if n := m.Connections(); n != 1 {
		t.Errorf("%d connections: the rest of them must not suffer", n)
	}
}

func TestLostConnection(t *testing.T) {
	var m *machine
	m = newMachine(t, sshtest.Options{Exec: func(*sshtest.Exec) int { m.Cut(); return 0 }})
	_, err := m.dial(t).Run(t.Context(), Command{Title: "the upgrade", Argv: []string{"true"}})
	if e := failure[*LostError](t, err); e.Command != "the upgrade" {
		t.Errorf("got %+v", e)
	}
}

func TestManyAtOnce(t *testing.T) {
	m := newMachine(t, sshtest.Options{})
	c := m.dial(t)
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			want := fmt.Sprint(i)
			if result, err := c.Run(t.Context(), Script("test", "sleep 0.01; echo $1", want)); err != nil || result.Text() != want {
				t.Errorf("got %q, %v, want %s", result.Text(), err, want)
			}
		})
	}
	wait.Wait()
	if peak := m.PeakSessions(); peak > maxSessions {
		t.Errorf("%d sessions at once", peak)
	}
	if n := m.Connections(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestTunnel(t *testing.T) {
	echo := newMachine(t, sshtest.Options{})
	m := newMachine(t, sshtest.Options{Dial: dialTCP})
	c := m.dial(t)
	conn, err := c.DialContext(t.Context(), "tcp", echo.config().address())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	greeting := make([]byte, len("SSH-2.0"))
	if _, err := conn.Read(greeting); err != nil || string(greeting) != "SSH-2.0" {
		t.Errorf("got %q, %v", greeting, err)
	}
	echo.Down()
	_, err = c.DialContext(t.Context(), "tcp", echo.config().address())
	_ = failure[*TunnelError](t, err)
}
