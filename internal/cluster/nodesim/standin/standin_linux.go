package standin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

func init() {
	switch {
	case len(os.Args) == 2 && os.Args[0] == EnterName:
		fail(enter(os.Args[1]))
	case len(os.Args) > 2 && os.Args[0] == Program:
		exit, err := call()
		fail(err)
		os.Exit(exit)
	}
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "nodesim:", err)
		os.Exit(255)
	}
}

// enter makes the machine's root folder the root of this process, which is alone in its namespaces, and becomes the
// command.
func enter(text string) error {
	var e Entry
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		return err
	}
	if err := syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, folder := range e.Full {
		if err := e.fill(folder); err != nil {
			return fmt.Errorf("fill %s: %w", folder, err)
		}
	}
	for _, b := range []struct{ from, to string }{
		{"/usr", Host + "/usr"}, {"/proc", Host + "/proc"}, {"/dev/null", "/dev/null"}, {"/dev/urandom", "/dev/urandom"}, {e.Program, Program},
	} {
		if err := syscall.Mount(b.from, e.Root+b.to, "", syscall.MS_BIND|syscall.MS_REC, ""); err != nil {
			return fmt.Errorf("bind %s to %s: %w", b.from, b.to, err)
		}
	}
	// Refused to a plain user when /usr is a mount of its own; who is not root cannot write there anyway.
	_ = syscall.Mount("", e.Root+Host+"/usr", "", syscall.MS_REMOUNT|syscall.MS_BIND|syscall.MS_RDONLY, "")
	if err := syscall.Chroot(e.Root); err != nil {
		return fmt.Errorf("chroot: %w", err)
	}
	if err := os.Chdir(e.Dir); err != nil {
		return err
	}
	return become(e.Argv, os.Environ())
}

// call asks the simulator what this program does.
func call() (int, error) {
	program, version, _ := strings.Cut(os.Args[1], " ")
	dir, _ := os.Getwd()
	request, err := json.Marshal(Call{program, version, os.Args[3:], dir, os.Environ()})
	if err != nil {
		return 0, err
	}
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: Socket, Net: "unix"})
	if err != nil {
		return 0, err
	}
	if _, _, err := conn.WriteMsgUnix([]byte{0}, syscall.UnixRights(0, 1, 2), nil); err != nil {
		return 0, err
	}
	if _, err := conn.Write(append(request, '\n')); err != nil {
		return 0, err
	}
	var a Answer
	if err := json.NewDecoder(conn).Decode(&a); errors.Is(err, io.EOF) {
		return 0, errors.New("the machine went away")
	} else if err != nil {
		return 0, err
	}
	if len(a.Exec) == 0 {
		return a.Exit, nil
	}
	return 0, become(a.Exec, append(os.Environ(), a.Env...))
}

func become(argv, env []string) error {
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("start %s: %w", path, syscall.Exec(path, argv, env))
}

// fill lays a file system without free space over a folder: what is there stays readable.
func (e Entry) fill(folder string) error {
	space := filepath.Join(e.Root, Folder, "full")
	if err := syscall.Mount("tmpfs", space, "tmpfs", 0, "size=4k,nr_inodes=8"); err != nil {
		return err
	}
	upper, work := filepath.Join(space, "upper"), filepath.Join(space, "work")
	for _, dir := range []string{upper, work} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
	}
	merged := filepath.Join(e.Root, folder)
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", merged, upper, work)
	if e.Plain {
		options += ",userxattr" // the other attributes are root's
	}
	if err := syscall.Mount("overlay", merged, "overlay", 0, options); err != nil {
		return err
	}
	for i := 0; ; i++ {
		if err := os.WriteFile(filepath.Join(merged, fmt.Sprintf(".full%d", i)), []byte("x"), 0o600); err != nil {
			return nil //nolint:nilerr // this is what was wanted
		}
	}
}
