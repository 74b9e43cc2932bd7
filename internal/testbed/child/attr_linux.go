package child

import "syscall"

// childAttr starts a child that a Ctrl-C for its parent does not reach, and
// that the kernel ends with its parent.
func childAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
