package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A person who follows a runbook at night types what stands there.
func TestCommandsOfTheRunbooksAreUnderstood(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "runbooks", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no runbook: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			indented := strings.HasPrefix(line, "    ")
			words, ours := strings.CutPrefix(strings.TrimSpace(line), "fencepost ")
			if !indented || !ours {
				continue
			}
			root := (&app{out: io.Discard, errs: new(bytes.Buffer)}).root()
			found, rest, err := root.Find(shellWords(words))
			if err == nil {
				err = found.ParseFlags(rest)
			}
			if err == nil {
				err = found.ValidateArgs(found.Flags().Args())
			}
			if err != nil || !found.Runnable() || found.HasSubCommands() {
				t.Errorf("%s: fencepost %s: %v", filepath.Base(file), words, err)
			}
		}
	}
}

// shellWords splits a line into words; quoted ones stay whole.
func shellWords(line string) []string {
	var words []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			words = append(words, part)
			continue
		}
		words = append(words, strings.Fields(part)...)
	}
	return words
}
