//go:build !linux

package redis

import "syscall"

// childAttr is never asked for here: without a way to end it with its parent no redis-server is started.
func childAttr() *syscall.SysProcAttr { return nil }
