package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever types in a hurry is told what is missing, and what was not done.
func TestWordsThatAreIncompleteAreRefusedBeforeAnythingHappens(t *testing.T) {
	away := filepath.Join(t.TempDir(), "away.yaml")
	text := "postgres: {dsn: \"postgres://u@127.0.0.1:1/x\"}\nredis: {addr: \"127.0.0.1:1\"}\n"
	if err := os.WriteFile(away, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"in-doubt"}, 64, "in-doubt --help"},
		{[]string{"in-doubt", "list", "--limit", "0", "--config", away}, 64, "at least 1"},
		{[]string{"in-doubt", "list", "--config", away}, 1, "refused"},
		{[]string{"in-doubt", "resolve", "x", "--as", "executed"}, 64, "no signal's number"},
		{[]string{"in-doubt", "resolve", "1", "--as", "void", "--config", away}, 64, "not-sent"},
		{[]string{"in-doubt", "resolve", "1", "--as", "executed", "--config", away}, 64, "--evidence"},
		{
			[]string{"in-doubt", "resolve", "1", "--as", "executed", "--evidence", "x", "--by", " "},
			64,
			"--by",
		},
		{[]string{"halt", "--config", away}, 64, "--reason"},
		{[]string{"pause", "--reason", "x", "--by", "", "--config", away}, 64, "--by"},
		{[]string{"halt", "--reason", "x", "--config", away}, 1, "perhaps not done"},
		{[]string{"resume", "--config", away}, 64, "--reason"},
		{[]string{"resume", "--reason", "x", "--config", away}, 1, "nothing was changed"},
		{[]string{"signals", "explain", "0"}, 64, "no signal's number"},
		{[]string{"signals", "explain", "7", "--config", away}, 1, "refused"},
		{[]string{"signals", "cancel", "7", "--config", away}, 64, "--reason"},
		{[]string{"signals", "hold", "x", "--reason", "x", "--config", away}, 64, "no signal's number"},
		{[]string{"doctor", "extra"}, 64, "extra"},
	} {
		code, _, errs := command(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.says, errs)
		}
	}
}
