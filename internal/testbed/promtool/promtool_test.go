package promtool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// machineWithout makes this test's machine one without promtool, on which the
// distribution's programs are these scripts, and returns a file that counts
// downloads.
func machineWithout(t *testing.T, scripts map[string]string) string {
	t.Helper()
	real, err := Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bin, count := t.TempDir(), filepath.Join(t.TempDir(), "count")
	t.Setenv(variable, "")
	cache := t.TempDir()
	for _, dir := range []string{cache, filepath.Dir(cache)} {
		if err := os.Chmod(dir, 0o711); err != nil { // a cache is one that every account can cross
			t.Fatal(err)
		}
	}
	t.Setenv("FENCEPOST_CACHE", cache)
	t.Setenv("PATH", bin)
	t.Setenv("REAL", real)
	t.Setenv("COUNT", count)
	for name, text := range scripts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return count
}

const (
	stubApt = `for last; do [ "$last" = download ] && got=yes; done
if [ "$last" = update ]; then echo "a third party's list is away" >&2; exit 100; fi
[ "$got" = yes ] && echo one >>"$COUNT" && : >prometheus_1.deb
`
	stubDpkg = `/bin/mkdir -p "$3/usr/bin"
printf '#!/bin/sh\nexec %s "$@"\n' "$REAL" >"$3/usr/bin/promtool"
/bin/chmod +x "$3/usr/bin/promtool"
`
)

func TestPackageIsFetchedOnceAndKept(t *testing.T) {
	count := machineWithout(t, map[string]string{"apt-get": stubApt, "dpkg-deb": stubDpkg})
	for range 2 {
		said, err := Run(t.Context(), "--version")
		if err != nil || !strings.Contains(said, "promtool") {
			t.Fatalf("%q, %v", said, err)
		}
	}
	if text, err := os.ReadFile(count); err != nil || string(text) != "one\n" {
		t.Errorf("downloads %q, %v", text, err)
	}
}

func TestMachineWithoutIsToldWhatToType(t *testing.T) {
	for name, scripts := range map[string]map[string]string{
		"no distribution": nil,
		"no network":      {"apt-get": "exit 7\n", "dpkg-deb": "exit 7\n"},
	} {
		t.Run(name, func(t *testing.T) {
			machineWithout(t, scripts)
			_, err := Find(t.Context())
			if err == nil || !strings.Contains(err.Error(), "apt-get install prometheus") {
				t.Error(err)
			}
		})
	}
	t.Setenv(variable, "/bin/true")
	if _, err := Find(t.Context()); err == nil || !strings.Contains(err.Error(), variable) {
		t.Error(err)
	}
}

func TestWhatPromtoolRefusesIsTheError(t *testing.T) {
	if _, err := Run(t.Context(), "check", "rules", "/does/not/exist"); err == nil ||
		!strings.Contains(err.Error(), "exist") {
		t.Error(err)
	}
}
