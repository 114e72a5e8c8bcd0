// Package machinetest runs package remote against what it was written for: OpenSSH, sudo and systemd. The fakes of the
// other tests do what was seen here.
package machinetest

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote"
	"github.com/onprem-tools/terraform-provider-onprem/internal/nodelab"
)

func TestMain(m *testing.M) { nodelab.Main(m.Run) }

func TestMachine(t *testing.T) {
	lab := nodelab.New(t)
	node, err := lab.Node("node-1", "10.77.0.11")
	if err != nil {
		t.Fatal(err)
	}
	key, err := os.ReadFile(lab.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	root := remote.Config{Host: node.Address, HostKeys: []string{node.HostKey}, PrivateKeys: []string{string(key)}}
	user := remote.Config{
		Host: node.Address, HostKeys: []string{node.HostKey},
		User: nodelab.User, Password: nodelab.Password, SudoPassword: nodelab.Password,
	}
	for name, config := range map[string]remote.Config{"root": root, "sudo": user} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, config)
			t.Run("input", func(t *testing.T) { testInput(t, c) })
			t.Run("files", func(t *testing.T) { testFiles(t, c) })
			t.Run("job", func(t *testing.T) { testJob(t, c) })
			t.Run("timeout", func(t *testing.T) { testTimeout(t, c) })
			t.Run("attach", func(t *testing.T) { testAttach(t, dial(t, config), c) })
		})
	}
	t.Run("sudo without the password", func(t *testing.T) { testSudo(t, user, "", remote.SudoNeedsPassword) })
	t.Run("sudo with a wrong password", func(t *testing.T) { testSudo(t, user, "wrong", remote.SudoWrongPassword) })
	t.Run("reboot under a job", func(t *testing.T) { testReboot(t, dial(t, root), node) })
}

func dial(t *testing.T, config remote.Config) *remote.Conn {
	t.Helper()
	c, err := remote.Dial(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func testInput(t *testing.T, c *remote.Conn) {
	t.Helper()
	payload := strings.Repeat("line\n", 1<<18)
	result, err := c.Run(t.Context(), remote.Command{Argv: []string{"cat"}, Stdin: strings.NewReader(payload)})
	if err != nil || string(result.Stdout) != payload {
		t.Errorf("%d bytes came back of %d: %v", len(result.Stdout), len(payload), err)
	}
	result, err = c.Run(t.Context(), remote.Command{Argv: []string{"sh", "-c", `echo "$(id -u) $HOME" && command -v sysctl`}})
	if want := "0 /root\n/usr/sbin/sysctl"; err != nil || result.Text() != want {
		t.Errorf("got %q, %v, want %q", result.Text(), err, want)
	}
}

func testFiles(t *testing.T, c *remote.Conn) {
	t.Helper()
	const path = "/etc/onprem test/a.conf"
	for _, want := range []bool{true, false} {
		if changed, err := c.WriteFile(t.Context(), path, []byte("content"), 0o600); err != nil || changed != want {
			t.Errorf("changed %t, %v, want %t", changed, err, want)
		}
	}
	result, err := c.Run(t.Context(), remote.Command{Argv: []string{"stat", "-c", "%U:%G %a", path}})
	if err != nil || result.Text() != "root:root 600" {
		t.Errorf("got %q, %v", result.Text(), err)
	}
	if err := c.Remove(t.Context(), path); err != nil {
		t.Error(err)
	}
}

func testJob(t *testing.T, c *remote.Conn) {
	t.Helper()
	for _, code := range []string{"3", "0", "0"} {
		job := remote.Job{
			Name: "test", Env: []string{"V=%n $HOME"},
			Argv: []string{"sh", "-c", `echo "$1 $$V" "$V"; umask; exit "$2"`, "sh", "${HOME}", code},
		}
		var lines []string
		_, err := c.RunJob(t.Context(), job, func(line string) { lines = append(lines, line) })
		var exit *remote.ExitError
		if failed := errors.As(err, &exit); failed != (code != "0") || err != nil && !failed {
			t.Fatal(err)
		}
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "${HOME} ") || !strings.HasSuffix(lines[0], "V %n $HOME") || lines[1] != "0022" {
			t.Errorf("got %q", lines)
		}
	}
}

func testTimeout(t *testing.T, c *remote.Conn) {
	t.Helper()
	_, err := c.RunJob(t.Context(), remote.Job{Name: "slow", Argv: []string{"sleep", "60"}, Timeout: time.Second}, nil)
	var timeout *remote.JobTimeoutError
	if !errors.As(err, &timeout) {
		t.Errorf("got %v", err)
	}
}

func testAttach(t *testing.T, c, other *remote.Conn) {
	t.Helper()
	const gate = "/run/gate"
	job := remote.Job{Name: "test", Argv: []string{"sh", "-c", `echo one; until rm "$1"; do sleep 0.1; done 2>/dev/null; echo two`, "sh", gate}}
	if _, err := c.StartJob(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil { // the job does not care
		t.Fatal(err)
	}
	if found, err := other.FindJob(t.Context(), "test"); err != nil || found == nil {
		t.Errorf("not found: %v", err)
	}
	second, err := other.StartJob(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.WriteFile(t.Context(), gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := second.Wait(t.Context(), nil)
	if err != nil || !out.Attached || string(out.Log) != "one\ntwo\n" {
		t.Errorf("got %q, attached %t, %v", out.Log, out.Attached, err)
	}
}

func testSudo(t *testing.T, config remote.Config, password string, want remote.SudoReason) {
	t.Helper()
	config.SudoPassword = password
	_, err := dial(t, config).Run(t.Context(), remote.Command{Argv: []string{"true"}})
	var sudo *remote.SudoError
	if !errors.As(err, &sudo) || sudo.Reason != want {
		t.Errorf("got %v, want reason %d", err, want)
	}
}

func testReboot(t *testing.T, c *remote.Conn, node *nodelab.Node) {
	t.Helper()
	job := remote.Job{Name: "test", Argv: []string{"sh", "-c", "echo one; sleep 600"}}
	_, err := c.RunJob(t.Context(), job, func(string) {
		if err := node.Reboot(); err != nil {
			t.Error(err)
		}
	})
	var lost *remote.JobLostError
	if !errors.As(err, &lost) || lost.Output != "one" {
		t.Errorf("got %v", err)
	}
	if _, err := c.Run(t.Context(), remote.Command{Argv: []string{"true"}}); err != nil {
		t.Errorf("the connection did not come back: %v", err)
	}
}
