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
	for _, file := range append(files, alertRunbooks(t)...) {
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

// alertRunbooks are the short ones that an alert leads to.
func alertRunbooks(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "runbooks", "alerts", "*.md"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no runbook of an alert: %v", err)
	}
	return files
}

// Whoever is woken reads a page, not a book; each says where to look and what to do.
func TestRunbookOfAnAlertIsOnePage(t *testing.T) {
	const most = 40
	for _, file := range alertRunbooks(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if lines := strings.Count(string(text), "\n"); lines > most {
			t.Errorf("%s has %d lines, at most %d", filepath.Base(file), lines, most)
		}
		for _, part := range []string{"\n## Look here\n\n    fencepost ", "\n## Do this\n\n- "} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s lacks %q", filepath.Base(file), part)
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
