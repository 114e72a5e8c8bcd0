package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

var (
	errBusy     = errors.New("another run is at work there; wait for it to end")
	errMeddling = errors.New("it was changed while this run was at work; run it again")
)

// explain names the file, the cause in the system's words, and what to do.
func explain(op, file string, err error) error {
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if e := (*os.LinkError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	hint := ""
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		hint = "; free some space there, and run it again"
	case errors.Is(err, syscall.EROFS):
		hint = "; its file system is read-only: choose another output directory"
	case errors.Is(err, fs.ErrPermission):
		hint = "; give this user access to the file and to its directory"
	case errors.Is(err, syscall.EXDEV):
		hint = "; the output directory must be one file system: generate into the mounted directory itself"
	}
	return fmt.Errorf("%s %s: %w%s", op, file, err, hint)
}
