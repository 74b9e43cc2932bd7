package recorder

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
)

// createNew makes the file. One that stands there is renamed first.
func createNew(path string) (*os.File, error) {
	if err := keep(path); err != nil {
		return nil, fmt.Errorf("keep older journal: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	return file, nil
}

// keep renames an older file to the first name with a number that is free.
func keep(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", path)
	}
	for n := 1; ; n++ {
		kept := path + "." + strconv.Itoa(n)
		// A link refuses a name that is taken, where a rename would overwrite what
		// another process that starts at the same instant has kept there.
		err := os.Link(path, kept)
		switch {
		case err == nil:
			return os.Remove(path)
		case errors.Is(err, fs.ErrExist):
			continue
		}
		// A file system without hard links.
		if _, taken := os.Lstat(kept); errors.Is(taken, fs.ErrNotExist) {
			return os.Rename(path, kept)
		}
	}
}
