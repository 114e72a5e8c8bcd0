//go:build !linux

package nodelab

import "syscall"

// Machines need Linux: missing says so before these are used.
var dieWithParent, machine *syscall.SysProcAttr
