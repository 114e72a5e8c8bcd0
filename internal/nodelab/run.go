package nodelab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// runVariable holds the folder of the run in the process that Main started: the one on the LAN.
const runVariable = "ONPREM_NODELAB_RUN"

// Main runs a program on a LAN of its own, where machines of any name and address can be plugged in, and ends the
// process with the code that it returns. Tests call it from TestMain with m.Run. What runs on the LAN reaches the
// machines and nothing else.
//
// The LAN is a network, process and mount namespace around a second process of this program. When that ends, however
// it ends, the kernel ends every machine with it. Where machines cannot be had, the program just runs; [Require] says
// why.
func Main(program func() int) {
	if os.Getenv(runVariable) != "" {
		if err := setUpLAN(); err != nil {
			fmt.Fprintln(os.Stderr, "nodelab:", err)
			os.Exit(1)
		}
		os.Exit(program())
	}
	if missing() != nil {
		os.Exit(program())
	}
	code, err := runOnLAN()
	if err != nil {
		fmt.Fprintln(os.Stderr, "nodelab:", err)
	}
	os.Exit(code)
}

// setUpLAN makes the switch that machines are plugged into, with this process on it as the gateway.
func setUpLAN() error {
	if err := raise("/proc/sys/fs/inotify/max_user_instances", 8192); err != nil {
		return err
	}
	for _, command := range []string{
		"ip link set lo up",
		"ip link add lan type bridge",
		"ip address add " + Gateway + "/24 dev lan",
		"ip link set lan up",
	} {
		if err := host(command); err != nil {
			return err
		}
	}
	return nil
}

// raise makes a setting of the kernel at least as high as that.
func raise(setting string, least int) error {
	content, err := os.ReadFile(setting)
	if err != nil {
		return err
	}
	value, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil || value >= least {
		return err
	}
	return write(setting, strconv.Itoa(least))
}

// host runs a command on the host, given as words.
func host(command string) error {
	words := strings.Fields(command)
	if out, err := exec.CommandContext(context.Background(), words[0], words[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", command, err, out)
	}
	return nil
}

// runOnLAN runs this program once more, on a LAN, and cleans up after it: after this run and after those that were
// killed before they could.
func runOnLAN() (code int, err error) {
	dir, lock, err := newRun()
	if err != nil {
		return 1, err
	}
	defer lock.Close()
	defer func() { err = errors.Join(err, removeRun(dir)) }()

	// The parent's death is that of the thread that started the child.
	runtime.LockOSThread()
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	args := []string{"--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", self}
	cmd := exec.CommandContext(context.Background(), "unshare", append(args, os.Args[1:]...)...)
	cmd.Env = append(os.Environ(), runVariable+"="+dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = dieWithParent
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	// From outside, this is the process that leads to the LAN.
	if err := os.WriteFile(filepath.Join(dir, "pid"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		return 1, err
	}
	var interrupted atomic.Bool
	go func() {
		<-signals
		interrupted.Store(true)
		_ = cmd.Process.Kill() // and with it, by --kill-child, all that runs on the LAN
	}()
	err = cmd.Wait()
	if interrupted.Load() {
		return 130, nil // as a shell has it after Ctrl-C
	}
	if cmd.ProcessState.ExitCode() >= 0 {
		return cmd.ProcessState.ExitCode(), nil
	}
	return 1, err
}

// newRun makes the folder of a run, locked for as long as this process lives, and removes those whose lock nobody
// holds any more.
func newRun() (string, *os.File, error) {
	tools, err := toolsDir()
	if err != nil {
		return "", nil, err
	}
	runs := filepath.Join(tools, "nodes", "run")
	if err := os.MkdirAll(runs, 0o755); err != nil {
		return "", nil, err
	}
	// One run at a time makes and removes folders, so that none is taken for a dead one before it is locked.
	gate, err := lockFile(filepath.Join(runs, ".lock"), syscall.LOCK_EX)
	if err != nil {
		return "", nil, err
	}
	defer gate.Close()
	old, err := os.ReadDir(runs)
	if err != nil {
		return "", nil, err
	}
	for _, entry := range old {
		dir := filepath.Join(runs, entry.Name())
		if !entry.IsDir() {
			continue
		}
		lock, err := lockFile(filepath.Join(dir, "lock"), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil {
			continue // it runs
		}
		err = removeRun(dir)
		lock.Close()
		if err != nil {
			return "", nil, err
		}
	}
	dir, err := os.MkdirTemp(runs, "lab-")
	if err != nil {
		return "", nil, err
	}
	lock, err := lockFile(filepath.Join(dir, "lock"), syscall.LOCK_EX)
	return dir, lock, err
}

func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		f.Close()
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return f, nil
}

// removeRun removes what outlives the processes of a run: its cgroups and its folder.
func removeRun(dir string) error {
	return errors.Join(removeCgroups(filepath.Base(dir)), os.RemoveAll(dir))
}

// poll calls done until it returns no error, for as long as patience lasts.
func poll(patience time.Duration, done func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := done()
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
