package main

import (
	"context"
	"fmt"

	"fencepost/scenarios"
)

// stopped tells whether what went wrong was that the command was interrupted. A
// child that is killed then says so in words of its own.
func stopped(ctx context.Context, err error) bool { return err != nil && ctx.Err() != nil }

// cutShort is the exit of a command that was interrupted: that of a failure if it
// had found one by then, else unknown. What was played stands on standard output;
// this says on standard error that it is not all.
func cutShort(failed bool, format string, args ...any) error {
	v := scenarios.Unknown
	if failed {
		v = scenarios.Fail
	}
	return &exit{v.ExitCode(), "drill: interrupted: " + fmt.Sprintf(format, args...) + "\n"}
}
