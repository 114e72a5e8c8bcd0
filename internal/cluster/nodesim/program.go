package nodesim

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/onprem-tools/terraform-provider-onprem/internal/cluster/nodesim/standin"
)

// call is a program at work on a machine.
type call struct {
	standin.Call
	*Machine
	ctx                   context.Context // ends with the process
	stdin, stdout, stderr *os.File
	become                []string // the program that takes its place
	becomeEnv             []string
}

func (c *call) printf(format string, args ...any) { fmt.Fprintf(c.stdout, format, args...) }

// fail prints an error and returns the exit status 1.
func (c *call) fail(format string, args ...any) int {
	fmt.Fprintf(c.stderr, format+"\n", args...)
	return 1
}

// unknown fails the test: the simulator does not know what the real program would do.
func (c *call) unknown() int {
	c.sim.errorf("%s: the simulator does not understand: %s %s", c.name, c.Program, strings.Join(c.Args, " "))
	return c.fail("%s: not understood by the simulator", c.Program)
}

// serveStandins answers for the programs of the machine.
func (m *Machine) serveStandins(socket net.Listener) {
	for {
		conn, err := socket.Accept()
		if err != nil {
			return
		}
		m.sim.work.Go(func() {
			defer conn.Close()
			if unix, ok := conn.(*net.UnixConn); ok {
				m.serveStandin(unix)
			}
		})
	}
}

func (m *Machine) serveStandin(conn *net.UnixConn) {
	files, err := receiveFiles(conn)
	if err != nil {
		return // killed before it could ask
	}
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	reader := bufio.NewReader(conn)
	request, err := reader.ReadBytes('\n')
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c := &call{Machine: m, ctx: ctx, stdin: files[0], stdout: files[1], stderr: files[2]}
	if err := json.Unmarshal(request, &c.Call); err != nil {
		m.sim.errorf("%v", err)
		return
	}
	m.sim.work.Go(func() {
		_, _ = reader.ReadByte() // comes to an end with the process
		cancel()
	})
	answer := standin.Answer{Exit: m.perform(c), Exec: c.become, Env: c.becomeEnv}
	if err := json.NewEncoder(conn).Encode(answer); err != nil {
		return // killed meanwhile
	}
}

func (m *Machine) perform(c *call) int {
	m.sim.mu.Lock()
	defer m.sim.mu.Unlock()
	run := programs[c.Program]
	if run == nil {
		run = installed[c.Program]
	}
	if run == nil {
		m.sim.errorf("%s: there is no program %q", m.name, c.Program)
		return 127
	}
	if !m.running() {
		return 255
	}
	return run(c)
}

// wait gives up the lock while f runs.
func (c *call) wait(f func() bool) bool {
	c.sim.mu.Unlock()
	defer c.sim.mu.Lock()
	return f()
}

func receiveFiles(conn *net.UnixConn) ([]*os.File, error) {
	oob := make([]byte, syscall.CmsgSpace(3*4))
	_, n, _, _, err := conn.ReadMsgUnix(make([]byte, 1), oob)
	if err != nil {
		return nil, err
	}
	messages, err := syscall.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return nil, err
	}
	if len(messages) != 1 {
		return nil, errStopped
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil {
		return nil, err
	}
	if len(fds) != 3 {
		return nil, errStopped
	}
	var files []*os.File
	for _, fd := range fds {
		files = append(files, os.NewFile(uintptr(fd), "standard stream"))
	}
	return files, nil
}
