package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"fencepost/scenarios"
)

func newNew() *cobra.Command {
	return &cobra.Command{
		Use:   "new NAME",
		Short: "Write a commented scenario to start from",
		Long: "Writes NAME.yaml, a scenario that `drill check` and `drill run` take as it is. An existing\n" +
			"file is left alone. NAME may begin with a directory.",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			path, err := create(args[0])
			if err != nil {
				return refuse(err)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "wrote %s; next: drill check %s\n", path, path)
			if err != nil {
				return broke(err)
			}
			return nil
		},
	}
}

// nameable tells whether a scenario can have the name of that file.
func nameable(file string) error {
	if _, err := scenarios.Parse(file, scenarios.Template(file)); err != nil {
		return errors.New("a scenario's name begins with a letter and has letters, digits, dashes and " +
			"underscores")
	}
	return nil
}

// create writes the template under the name and returns the file's path.
func create(arg string) (string, error) {
	path := arg
	if ext := filepath.Ext(arg); ext != ".yaml" && ext != ".yml" {
		path += ".yaml"
	}
	src := scenarios.Template(path)
	if err := nameable(path); err != nil {
		return "", fmt.Errorf("new %s: %w", arg, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return "", fmt.Errorf("new %s: %s is there already and is left alone", arg, path)
	case err != nil:
		return "", fmt.Errorf("new %s: %w", arg, err)
	}
	_, err = f.Write(src)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", fmt.Errorf("new %s: %w", arg, err)
	}
	return path, nil
}
