package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/rundir"
)

// service returns the program that runs on real processes play, and what tidies up
// behind it: the fencepost beside this program, or one that is built.
func service(c *cobra.Command) (program string, remove func() error, err error) {
	rundir.PreferMemory()
	dir, err := rundir.New("program")
	if err != nil {
		return "", nil, broke(err)
	}
	say := func(text string) { fmt.Fprintln(c.ErrOrStderr(), text) }
	program, err = child.Fencepost(c.Context(), dir, say)
	switch {
	case err == nil:
		return program, dir.Remove, nil
	case errors.Is(err, child.ErrNoProgram):
		err = refuse(err)
	case stopped(c.Context(), err):
		err = cutShort(false, "fencepost was not built yet, and nothing was played")
	default:
		err = broke(err)
	}
	return "", nil, tidied(err, dir.Remove())
}

// tidied is how a command ends that leaves something behind which it could not
// remove: that is said, and is a failure where nothing else is.
func tidied(ended, left error) error {
	var how *exit
	switch {
	case left == nil:
		return ended
	case errors.As(ended, &how):
		return &exit{how.code, how.text + broke(left).text}
	default:
		return broke(errors.Join(ended, left))
	}
}
