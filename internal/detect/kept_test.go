package detect

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunsAreKeptAndGoneOnFrom(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new")
	k := kind(t, "pause")
	kept, err := OpenKept(dir)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(2) {
		r := runOf(k, Self, 1, 2, 3)
		r.Seed = seed + 4
		if err := kept.Add(&r); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, keptName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// Whoever was killed as it wrote has left half a line.
	if err := os.WriteFile(path, append(whole, whole[:20]...), 0o644); err != nil {
		t.Fatal(err)
	}
	if kept, err = OpenKept(dir); err != nil {
		t.Fatal(err)
	}
	if have, next := kept.Of(k); have != 6 || next != 6 {
		t.Errorf("%d faults, then seed %d", have, next)
	}
	if have, next := kept.Of(kind(t, "kill")); have != 0 || next != 1 {
		t.Errorf("of another type: %d faults, then seed %d", have, next)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != string(whole) {
		t.Errorf("the half line is still there (%v): %s", err, text)
	}
}

func TestDamagedSamplesAreRefusedWithTheirLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, keptName), []byte("{}\n{no}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKept(dir); err == nil || !strings.Contains(err.Error(), keptName+":2") {
		t.Errorf("refused with %v", err)
	}
}
