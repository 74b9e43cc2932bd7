//go:build !linux

package main

import "syscall"

// orphans: only Linux ends the programs of a test that is killed itself.
func orphans() *syscall.SysProcAttr { return nil }
