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
	if program, err = child.Fencepost(c.Context(), dir, say); err != nil {
		return "", nil, errors.Join(refuse(err), dir.Remove())
	}
	return program, dir.Remove, nil
}
