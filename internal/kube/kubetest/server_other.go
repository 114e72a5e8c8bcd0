//go:build !linux

package kubetest

import "syscall"

// dieWithParent keeps the interrupt of a terminal away from a server. Only Linux also ends it with its parent, so
// elsewhere a process that is killed leaves it behind.
var dieWithParent = &syscall.SysProcAttr{Setpgid: true}
