package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// program writes a file that can be run and returns its path.
func program(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheNamedBrowserComesBeforeThePath(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	program(t, dir, "chromium")
	mine := program(t, t.TempDir(), "mine")
	t.Setenv("FENCEPOST_CHROMIUM", mine)
	if path, err := Find(); err != nil || path != mine {
		t.Fatalf("found %q, %v; want %q", path, err, mine)
	}
}

func TestChromiumComesBeforeItsOtherNames(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("FENCEPOST_CHROMIUM", "")
	other := program(t, dir, "google-chrome")
	if path, err := Find(); err != nil || path != other {
		t.Fatalf("found %q, %v; want %q", path, err, other)
	}
	first := program(t, dir, "chromium")
	if path, err := Find(); err != nil || path != first {
		t.Fatalf("found %q, %v; want %q", path, err, first)
	}
}

func TestWithoutABrowserTheErrorSaysHowToInstallOne(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("FENCEPOST_CHROMIUM", "")
	_, err := Find()
	if err == nil || !strings.Contains(err.Error(), "apt-get install chromium") {
		t.Fatalf("the error is %v; want the command that installs a browser", err)
	}
}

func TestANamedBrowserThatIsNotThereIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	program(t, dir, "chromium")
	t.Setenv("FENCEPOST_CHROMIUM", filepath.Join(dir, "missing"))
	if path, err := Find(); err == nil {
		t.Fatalf("found %q; the variable names a file that is not there", path)
	}
}
