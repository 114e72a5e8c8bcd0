package kubetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

// server is one program that runs.
type server struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// launch starts a program of .tools/bin with its output in a log file.
func (r *run) launch(name string, env, args []string) error {
	s := &server{name: name, log: filepath.Join(r.dir, name+".log"), done: make(chan struct{})}
	log, err := os.Create(s.log)
	if err != nil {
		return err
	}
	defer log.Close()

	s.cmd = exec.Command(filepath.Join(r.tools, "bin", name), args...)
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = r.dir, log, log
	s.cmd.Env = append(os.Environ(), env...)
	s.cmd.SysProcAttr = dieWithParent
	if err := onLastingThread(s.cmd.Start); err != nil {
		return err
	}
	r.servers = append(r.servers, s)
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	return nil
}

// kill ends a server at once: its data is thrown away with it.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// await polls until ready succeeds, and gives up early when a server has ended.
func (r *run) await(ctx context.Context, what string, ready func() error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, s := range r.servers {
		go func() {
			select {
			case <-s.done:
				cancel(fmt.Errorf("%s ended: %s", s.name, s.lastWords()))
			case <-ctx.Done():
			}
		}()
	}
	err := poll(ctx, ready)
	if cause := context.Cause(ctx); err != nil && !errors.Is(cause, context.DeadlineExceeded) {
		err = cause
	}
	if err != nil {
		return fmt.Errorf("%s: %w (logs in %s)", what, err, r.dir)
	}
	return nil
}

// lastWords is the end of a server's log.
func (s *server) lastWords() string {
	log, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(log), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-5):], []byte("\n")))
}

// freePort asks the system for a port nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// onLastingThread runs f on a thread that lives as long as this process. Linux ends a child with its parent when the
// thread that started it ends, and Go ends threads as it likes.
func onLastingThread(f func() error) error {
	result := make(chan error)
	lastingThread() <- func() { result <- f() }
	return <-result
}

var lastingThread = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})
