//go:build !linux

package child

import "syscall"

// childAttr is never asked for here: without a way to end a child with its
// parent none is started.
func childAttr() *syscall.SysProcAttr { return nil }
