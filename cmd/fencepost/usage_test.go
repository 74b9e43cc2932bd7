package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// command runs the program inside the test.
func command(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = run(t.Context(), args, &o, &e)
	return code, o.String(), e.String()
}

func TestWrongUsageIsToldApartFromFailure(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	bad := file("bad.yaml", "lease:\n  tll: 10s\n")
	seams := file("seams.yaml", "unsafe_test_seams: true\n")
	away := file("away.yaml",
		"postgres: {dsn: \"postgres://u@127.0.0.1:1/x\"}\nredis: {addr: \"127.0.0.1:1\"}\n")
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"frob"}, 64, `unknown command "frob"`},
		{[]string{"leader"}, 64, "leader --help"},
		{[]string{"version", "-o", "xml"}, 64, "table or json"},
		{[]string{"version", "extra"}, 64, "extra"},
		{[]string{"serve", "--frob"}, 64, "unknown flag"},
		{[]string{"serve", "--config", bad}, 64, "bad.yaml:2:3: unknown setting \"tll\"; did you mean ttl?"},
		{[]string{"serve", "--config", seams}, 64, "production: false as well"},
		{[]string{"serve", "--config", dir + "/none.yaml"}, 64, "no such file"},
		{[]string{"instances"}, 64, "postgres.dsn: not set"},
		{[]string{"instances", "--stale", "30"}, 64, "30"},
		{[]string{"instances", "--stale", "-1s", "--config", away}, 64, "negative"},
		{[]string{"signals", "show", "x"}, 64, "no signal's number"},
		{[]string{"signals", "list", "--state", "lost", "--config", away}, 64, "received, held, submitting"},
		{[]string{"signals", "send", "--config", away}, 64, "not among the configured ones"},
		{[]string{"signals", "send", "--lots", "x", "--config", away}, 64, "a number is none"},
		{[]string{"leader", "history", "--limit", "0"}, 64, "at least 1"},
		{[]string{"migrate", "down", "--config", away}, 64, "--yes"},
		{[]string{"control", "set", "stop", "--reason", "x", "--config", away}, 64, "run, pause or halt"},
		{[]string{"control", "set", "pause", "--config", away}, 64, "--reason"},
		{[]string{"control", "show", "--config", away}, 1, "refused"},
		{[]string{"signals", "decide", "7", "lost", "--reason", "x", "--config", away}, 64, "void"},
		{[]string{"signals", "decide", "x", "void", "--reason", "x", "--config", away}, 64, "number"},
		{[]string{"signals", "decide", "7", "void", "--config", away}, 64, "--reason"},
		{[]string{"authority"}, 64, "authority --help"},
		{[]string{"authority", "accept", "--config", away}, 64, "--reason"},
		{[]string{"authority", "accept", "--config", away, "--reason", "x", "--by", ""}, 64, "--by"},
		{[]string{"authority", "accept", "--config", away, "--reason", "x", "--epoch", "-1"}, 64, "-1"},
		{[]string{"authority", "accept", "--config", away, "--reason", "x", "--yes"}, 1, "was changed"},
		{[]string{"authority", "show", "--config", away}, 1, "did not answer"},
		{[]string{"paper", "--class", "E"}, 64, "not one of A, B, C, D"},
		{[]string{"paper", "--behave", "lose"}, 64, "accept_then_silence"},
		{[]string{"paper", "--behave", "late:delay=8"}, 64, "delay"},
		{[]string{"paper", "--ack", "5"}, 64, "5ms..20ms"},
		{[]string{"paper", "--ack", "5ms..1ms"}, 64, "range"},
		{[]string{"paper", "--secret-file", dir + "/none"}, 1, "no such file"},
		{[]string{"paper", "--listen", "nowhere"}, 1, "listen"},
		{[]string{"instances", "--config", away}, 1, "refused"},
		{[]string{"leader", "show", "--config", away}, 1, "did not answer"},
		{[]string{"migrate", "status", "--config", away}, 1, "refused"},
		{[]string{"status", "--config", away, "--admin-url", "http://127.0.0.1:1"}, 1, "refused"},
	} {
		code, _, errs := command(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.says, errs)
		}
	}
}

func TestRefusedFileIsShownWithACaret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f.yaml")
	if err := os.WriteFile(path, []byte("group: desk\nlsten: x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, errs := command(t, "serve", "--config", path)
	if !strings.Contains(errs, "    lsten: x\n    ^\n") || !strings.Contains(errs, "allowed: admin_listen") {
		t.Errorf("%s", errs)
	}
}

func TestReadingsThatNeedNoServerPrintBothForms(t *testing.T) {
	for says, args := range map[string][]string{
		`"protocol": 1`:     {"version", "-o", "json"},
		"VERSION":           {"version"},
		"instance_metadata": {"migrate", "print"},
	} {
		if code, out, _ := command(t, args...); code != 0 || !strings.Contains(out, says) {
			t.Errorf("%v: exit %d: %.80s", args, code, out)
		}
	}
}
