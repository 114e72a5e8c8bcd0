package kubetest

import "syscall"

// dieWithParent ends a server when this process ends, however it ends. A group of its own keeps the interrupt of a
// terminal away from it, so that tests can still clean up.
var dieWithParent = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
