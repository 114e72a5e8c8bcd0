package nodelab

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// hierarchies are the mounted cgroup hierarchies: the one of version 2, or those of version 1's controllers and beside
// them one of version 2 without any.
func hierarchies() ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	var found []string
	for line := range strings.Lines(string(mounts)) {
		if fields := strings.Fields(line); len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			found = append(found, fields[1])
		}
	}
	return found, nil
}

// makeCgroup makes the cgroup run/name in every hierarchy and puts the process into it.
func makeCgroup(run, name string, pid int) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		for _, group := range []string{filepath.Join(root, run), filepath.Join(root, run, name)} {
			if err := os.MkdirAll(group, 0o755); err != nil {
				return err
			}
			if err := inherit(group); err != nil {
				return err
			}
		}
		if err := write(filepath.Join(root, run, name, "cgroup.procs"), strconv.Itoa(pid)); err != nil {
			return err
		}
	}
	return nil
}

// inherit gives a cgroup what its parent has and the kernel does not pass on: the CPUs and memory nodes of version 1,
// the controllers of version 2.
func inherit(group string) error {
	parent := filepath.Dir(group)
	if controllers, err := os.ReadFile(filepath.Join(parent, "cgroup.controllers")); err == nil {
		var enable []string
		for _, c := range strings.Fields(string(controllers)) {
			enable = append(enable, "+"+c)
		}
		return write(filepath.Join(parent, "cgroup.subtree_control"), strings.Join(enable, " "))
	}
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(parent, file))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := write(filepath.Join(group, file), string(value)); err != nil {
			return err
		}
	}
	return nil
}

func write(path, value string) error {
	return os.WriteFile(path, []byte(value), 0)
}

// removeCgroups removes a cgroup and those in it from every hierarchy. Its processes are dead or dying: a cgroup
// stays busy until the last one has gone.
func removeCgroups(group string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		path := filepath.Join(root, group)
		if e := poll(10*time.Second, func() error { return removeFolders(path) }); e != nil {
			err = errors.Join(err, e)
		}
	}
	return err
}

// removeFolders removes a tree of folders, deepest first. The files of a cgroup cannot be removed and need not be.
func removeFolders(path string) error {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeFolders(filepath.Join(path, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(path)
}
