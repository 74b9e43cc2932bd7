package main

import (
	"errors"

	"fencepost/internal/shrink"
)

// drawn returns the scenario that a seed of `drill fuzz` draws.
func (o *shrinkOptions) drawn(options shrink.Options) (shrink.Options, error) {
	return options, refuse(errors.New("shrink what? give a FILE"))
}
