package postgres

import "syscall"

// endWithParent makes a child one that a Ctrl-C for its parent does not reach, and that the kernel ends with
// its parent.
func endWithParent(attr *syscall.SysProcAttr) *syscall.SysProcAttr {
	if attr == nil {
		attr = &syscall.SysProcAttr{}
	}
	attr.Setpgid, attr.Pdeathsig = true, syscall.SIGKILL
	return attr
}
