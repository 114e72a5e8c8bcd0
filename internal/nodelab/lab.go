// Package nodelab boots machines for tests of the cluster resource: systemd, sshd and containerd on addresses of their
// own, on one Linux host, a second and a half each. They are processes in namespaces, but nothing on them is simulated.
//
// A test package that uses it has a TestMain with [Main]; its tests begin with [New]. `make tools-nodes` builds what
// the machines are made of, `make nodes` boots some to try things on.
//
// The kernel is the host's, and stays changed: [Main] raises fs.inotify.max_user_instances, of which each machine takes
// a dozen, and a kubelet sets vm.overcommit_memory, kernel.panic and kernel.panic_on_oops.
package nodelab

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// What every lab has.
const (
	// Gateway is the address of the host on the LAN, a /24.
	Gateway = "10.77.0.1"
	// Version is the Kubernetes version of the archive to begin with.
	Version = "v1.34.4"
	// NextVersion is the one to upgrade to.
	NextVersion = "v1.34.5"
	// User may sudo with Password, and log in with it or with the lab's key. root logs in with the key alone.
	User = "ops"
	// Password is that of User.
	Password = "ops"
)

// Lab is a LAN with machines.
type Lab struct {
	// PrivateKey is the path of the key that logs in as root and as User.
	PrivateKey string

	dir       string // folder of the run
	tools     string
	publicKey []byte // a line of authorized_keys

	mu    sync.Mutex
	nodes []*Node
}

// Require skips a test where there can be no machines, and says why. Where ONPREM_NODELAB_REQUIRED is set, as
// `make machines` does, it fails instead.
func Require(tb testing.TB) {
	tb.Helper()
	err := missing()
	switch {
	case err == nil:
	case os.Getenv("ONPREM_NODELAB_REQUIRED") != "":
		tb.Fatal(err)
	default:
		tb.Skip(err)
	}
}

// New is a lab for one test, which ends with it. A test that fails logs the end of every machine's journal.
func New(tb testing.TB) *Lab {
	tb.Helper()
	Require(tb)
	l, err := Start()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if tb.Failed() {
			for _, n := range l.nodes {
				tb.Logf("journal of %s:\n%s", n.Name, n.Log())
			}
		}
		if err := l.Close(); err != nil {
			tb.Error(err)
		}
	})
	return l
}

// Start is New outside a test: in a program that [Main] runs.
func Start() (*Lab, error) {
	if err := missing(); err != nil {
		return nil, err
	}
	run := os.Getenv(runVariable)
	if run == "" {
		return nil, errors.New("this process is not on the LAN: call nodelab.Main from main or TestMain")
	}
	tools, err := toolsDir()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(run, "")
	if err != nil {
		return nil, err
	}
	l := &Lab{PrivateKey: filepath.Join(dir, "id_ed25519"), dir: dir, tools: tools}
	l.publicKey, err = newKey(l.PrivateKey)
	return l, err
}

// Archive is the path of the site archive of a Kubernetes version: its programs, CNI plugins and images.
func (l *Lab) Archive(version string) string {
	return archive(l.tools, version)
}

func archive(tools, version string) string {
	return filepath.Join(tools, "nodes", "kubernetes-"+version+".tar")
}

// Enter is what to put before a command, in a shell outside, to run it on the LAN.
func (l *Lab) Enter() string {
	return fmt.Sprintf("nsenter --net=/proc/$(cat %s)/ns/net", filepath.Join(filepath.Dir(l.dir), "pid"))
}

// Close switches all machines off and removes them.
func (l *Lab) Close() error {
	var errs []error
	for _, n := range l.nodes {
		errs = append(errs, n.remove())
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}

// missing says why this host can have no machines.
func missing() error {
	if runtime.GOOS != "linux" {
		return errors.New("machines in namespaces need Linux")
	}
	if os.Geteuid() != 0 {
		return errors.New("machines in namespaces need root")
	}
	for _, program := range []string{"unshare", "nsenter", "ip", "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			return err
		}
	}
	tools, err := toolsDir()
	if err != nil {
		return err
	}
	for _, path := range []string{rootfs(tools), archive(tools, Version), archive(tools, NextVersion)} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("machines are not built, `make tools-nodes` builds them: %w", err)
		}
	}
	return nil
}

func rootfs(tools string) string { return filepath.Join(tools, "nodes", "rootfs") }

// toolsDir is .tools of the module that holds the working directory.
func toolsDir() (string, error) {
	wd, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, ".tools"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%s is not inside a Go module", wd)
		}
	}
}

// newKey writes a new private key to path and returns its public half as authorized_keys has it.
func newKey(path string) ([]byte, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
		return nil, err
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	return ssh.MarshalAuthorizedKey(key), nil
}
