package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"fencepost/scenarios"
)

func TestUpRefusesWhatItCannotStart(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"--nodes 0":                   "1 to 9",
		"--nodes 10":                  "1 to 9",
		"--nodes three":               "invalid argument",
		"--class E":                   "A, B, C, D",
		"--demo --nodes 1":            "--nodes 2",
		"--state /no/such/state.json": "/no/such is no directory",
		"now":                         "unknown command",
	} {
		got := say(t, append([]string{"up"}, strings.Fields(args)...)...)
		if got.code != scenarios.ExitRefused || !strings.Contains(got.problems, want) || got.out != "" {
			t.Errorf("up %s: code %d, %s", args, got.code, got.problems)
		}
	}
}

// listener ends the command once it says a line.
type listener struct {
	mu   sync.Mutex
	text bytes.Buffer
	line string
	hear func()
}

func (l *listener) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.text.Write(p)
	if strings.Contains("\n"+l.text.String(), "\n"+l.line+"\n") && l.hear != nil {
		l.hear()
		l.hear = nil
	}
	return n, err
}

func TestUpIsReadyAndEndsInOrder(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	state := filepath.Join(t.TempDir(), "state.json")
	var kept []byte
	out := &listener{line: "ready", hear: func() {
		var err error
		if kept, err = os.ReadFile(state); err != nil {
			t.Error(err)
		}
		interrupt()
	}}
	var problems bytes.Buffer
	if code := drill(ctx, []string{"up", "--nodes", "1", "--state", state}, out, &problems); code != 0 {
		t.Fatalf("code %d: %s\n%s", code, problems.String(), out.text.String())
	}
	told := out.text.String()
	if !strings.Contains(string(kept), `"webhook_token"`) || !strings.Contains(told, "kill -9 ") {
		t.Errorf("state %s, said %s", kept, told)
	}
	if _, err := os.Stat(state); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", state, err)
	}
}

func TestUpThatIsEndedBeforeItIsReadyLeavesQuietly(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var out, problems bytes.Buffer
	if code := drill(ctx, []string{"up", "--nodes", "1"}, &out, &problems); code != 0 {
		t.Errorf("code %d: %s", code, problems.String())
	}
	code := drill(ctx, []string{"up", "--demo"}, &out, &problems)
	if code != scenarios.Unknown.ExitCode() {
		t.Errorf("a demonstration that was not played has code %d: %s", code, problems.String())
	}
}
