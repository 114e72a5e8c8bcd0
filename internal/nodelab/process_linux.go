package nodelab

import "syscall"

var (
	// dieWithParent kills a child when the thread that started it ends.
	dieWithParent = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// machine gives a child the namespaces of a machine. That of its cgroup is made once it has a cgroup.
	machine = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Setsid:     true,
	}
)
