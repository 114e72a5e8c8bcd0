//go:build linux || darwin || freebsd

package disk

import (
	"errors"
	"os"
	"syscall"
)

// claim keeps other runs out of a directory until it is released, or until this
// process ends, however that happens. A file system that cannot do it is left
// unguarded.
func claim(dir *os.File) error {
	err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errBusy
	}
	return nil
}

// release lets other runs in. To close the directory is not enough: a process
// that is being started has it open too, for a moment.
func release(dir *os.File) { _ = syscall.Flock(int(dir.Fd()), syscall.LOCK_UN) }
