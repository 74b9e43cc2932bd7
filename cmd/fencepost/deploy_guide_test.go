package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Commands of the guide: ours are understood, and the files that others are given
// exist.
func TestCommandsOfTheGuideToDeployingNameWhatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "DEPLOYING.md"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := readByTheirReaders()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ours, ofOurs := 0, regexp.MustCompile(`\bdeploy/[a-zA-Z0-9_./-]*[a-zA-Z0-9]`)
	for line := range strings.Lines(string(text)) {
		typed, indented := strings.CutPrefix(line, "    ")
		if !indented {
			continue
		}
		typed, _, _ = strings.Cut(strings.TrimSpace(typed), " #")
		if words, ok := strings.CutPrefix(typed, "fencepost "); ok {
			ours++
			understandable(t, "DEPLOYING.md", strings.Fields(words))
		}
		// Those that make the secrets are carried out.
		if strings.HasPrefix(typed, "mkdir ") || strings.HasPrefix(typed, "for name in ") {
			cmd := exec.Command("sh", "-ec", typed)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", typed, err, out)
			}
		}
		for _, path := range ofOurs.FindAllString(typed, -1) {
			_, err := os.Stat(filepath.Join("..", "..", path))
			if err != nil && !strings.HasPrefix(path, "deploy/secrets") {
				t.Errorf("DEPLOYING.md: %s: %v", typed, err)
			}
		}
	}
	for _, s := range u.Compose.Services["fencepost-1"].Secrets {
		text, err := os.ReadFile(filepath.Join(dir, "deploy", "secrets", s.Source))
		if err != nil || len(text) != 48 {
			t.Errorf("the guide makes no secret %s: %q, %v", s.Source, text, err)
		}
	}
	if ours < 5 {
		t.Errorf("the guide has %d commands of ours", ours)
	}
}
