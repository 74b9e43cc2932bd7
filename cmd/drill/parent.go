package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// parentPoll is how often a program under `go run` looks for its parent.
const parentPoll = 200 * time.Millisecond

// endWithGoRun returns a context that also ends when the `go run` ends that
// this program was started by. Such a parent passes an interrupt on, but neither
// SIGTERM nor its own death, and the cluster would go on with nobody to end it.
func endWithGoRun(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	if err != nil || strings.TrimSpace(string(name)) != "go" {
		return ctx, cancel
	}
	go func() {
		tick := time.NewTicker(parentPoll)
		defer tick.Stop()
		for os.Getppid() == parent {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		cancel()
	}()
	return ctx, cancel
}
