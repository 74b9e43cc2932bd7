package main

import "syscall"

// orphans makes the kernel end the programs of a test that is killed itself.
func orphans() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
