package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
)

// writable tells, before any work is done, whether the file that a flag names
// can be written at the end. It leaves what is there as it is, and nothing that
// was not. An empty name is no file.
func writable(flag, file string) error {
	if file == "" {
		return nil
	}
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("%s %s: it is a directory, and a file is to be written", flag, file)
	case err == nil && !info.Mode().IsRegular():
		return nil // a pipe or a terminal: to open it is to begin
	case err == nil:
		err = touch(file, os.O_WRONLY)
	case errors.Is(err, fs.ErrNotExist):
		if err = touch(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL); err == nil {
			err = os.Remove(file)
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s: it cannot be written: %w", flag, file, reason(err))
	}
	return nil
}

// writableDir makes the directory that a flag names, and tells whether files can
// be put there. An empty name is no directory.
func writableDir(flag, dir string) error {
	if dir == "" {
		return nil
	}
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = touchIn(dir)
	}
	if err != nil {
		return fmt.Errorf("%s %s: no file can be written there: %w", flag, dir, reason(err))
	}
	return nil
}

// touchIn makes a file in the directory and removes it.
func touchIn(dir string) error {
	file, err := os.CreateTemp(dir, ".drill-")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// touch opens the file and closes it.
func touch(name string, how int) error {
	file, err := os.OpenFile(filepath.Clean(name), how, 0o644)
	if err != nil {
		return err
	}
	return file.Close()
}

// reason drops the path from an error that is shown behind the path.
func reason(err error) error {
	var about *fs.PathError
	if errors.As(err, &about) {
		return about.Err
	}
	return err
}

// sameFile tells whether two names are those of one file that is there.
func sameFile(a, b string) bool {
	one, errA := os.Stat(a)
	other, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(one, other)
}

// tell prints what came of a command: as one JSON object, or for a human.
func tell(c *cobra.Command, asJSON bool, report interface{ Render(to io.Writer) }) error {
	if !asJSON {
		report.Render(c.OutOrStdout())
		return nil
	}
	if err := json.NewEncoder(c.OutOrStdout()).Encode(report); err != nil {
		return broke(err)
	}
	return nil
}
