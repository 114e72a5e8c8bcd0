package nodesim

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/remote/sshtest"
)

// login runs a line as the login shell of a user does.
func (m *Machine) login(e *sshtest.Exec) int {
	if e.User != "root" && !strings.Contains(e.Command, "sudo ") {
		m.sim.errorf("%s: %s is not root and runs: %s", m.name, e.User, e.Command)
	}
	before, after := m.admit(e.Command)
	if !before() {
		m.Disconnect()
		return 255
	}
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root", "USER=" + e.User, "LOGNAME=" + e.User, "SHELL=/bin/sh"}
	status, err := m.shell(e.Context, env, e.Command, e.Stdin, e.Stdout, e.Stderr)
	if !after() {
		m.Disconnect()
	}
	if err != nil {
		return 255 // there is nobody to tell
	}
	return status
}

// shell runs a line of shell until its end, that of ctx or that of the machine.
func (m *Machine) shell(ctx context.Context, env []string, line string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	m.sim.mu.Lock()
	power := m.power
	m.sim.mu.Unlock()
	if power == nil {
		return 0, errStopped
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(power, cancel)()
	cmd, err := m.command(ctx, "/root", env, "sh", "-c", line)
	if err != nil {
		return 0, err
	}
	cmd.Stdout, cmd.Stderr = stdout, stderr
	// Not cmd.Stdin: Wait would wait for the client to end an input that nobody reads.
	input, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	go func() {
		_, _ = io.Copy(input, stdin)
		input.Close()
	}()
	return exitStatus(cmd.Wait())
}

func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}
