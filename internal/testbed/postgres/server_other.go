//go:build !linux

package postgres

import (
	"syscall"

	"fencepost/internal/testbed/rundir"
)

// Start refuses at rundir.New on this system, so none of these is ever called; they let the programs that
// offer a real cluster be built, and the simulator in them be used, elsewhere.

func (account) drop() error { return rundir.Supported() }

func namespaceAttr() *syscall.SysProcAttr { return nil }

func endWithParent(attr *syscall.SysProcAttr) *syscall.SysProcAttr { return attr }
