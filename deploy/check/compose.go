package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/compose-spec/compose-go/v2/cli"
)

// readCompose loads the project without any environment: it must be whole by
// itself.
func readCompose(ctx context.Context, path string) (any, error) {
	options, err := cli.NewProjectOptions([]string{path}, cli.WithName("fencepost"),
		cli.WithWorkingDirectory(filepath.Dir(path)), cli.WithResolvedPaths(false))
	if err != nil {
		return nil, err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return project, nil
}
