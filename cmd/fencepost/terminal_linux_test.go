package main

import (
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// terminal is a pseudo-terminal: what is typed at the one end is read at the
// other.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile("/dev/pts/"+strconv.Itoa(number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return person, program
}

// atTerminal runs the program while a person types at a terminal.
func atTerminal(t *testing.T, line string, args ...string) (code int, out, errs string) {
	t.Helper()
	person, program := terminal(t)
	if _, err := person.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
	var o, e bytes.Buffer
	code = runWith(t.Context(), args, program, &o, &e)
	return code, o.String(), e.String()
}

func TestDoubtIsResolvedByThePhraseTypedAtATerminal(t *testing.T) {
	file := inDoubt(t)
	resolve := []string{
		"in-doubt", "resolve", "1", "--as", "executed", "--evidence", "contract note 81", "--by", "ops",
		"--config", file,
	}
	for _, line := range []string{"", "yes", "1", "signal 1 was rejected", "signal 11 was executed"} {
		code, out, errs := atTerminal(t, line, resolve...)
		if code != exitFailed || out != "" || !strings.Contains(errs, "nothing was changed") ||
			!strings.Contains(errs, "Type: signal 1 was executed") {
			t.Errorf("typed %q: exit %d\n%s%s", line, code, out, errs)
		}
	}
	// The null device looks like a terminal, and nobody sits there.
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var said bytes.Buffer
	if code := runWith(t.Context(), resolve, null, &said, &said); code != exitFailed ||
		!strings.Contains(said.String(), "nobody confirmed") {
		t.Errorf("asked the null device: exit %d\n%s", code, said.String())
	}
	code, out, errs := atTerminal(t, "signal 1 was executed", resolve...)
	if code != exitDone || !strings.Contains(out, "executed contract note 81") ||
		!strings.Contains(errs, "look at the broker for: order ") || !strings.Contains(errs, "at its end") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// prompt takes what the program says, and tells when it asks.
type prompt struct {
	mu    sync.Mutex
	text  strings.Builder
	asked chan struct{}
	once  sync.Once
}

// Write takes one piece.
func (p *prompt) Write(piece []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text.Write(piece)
	if strings.Contains(p.text.String(), "Type: ") {
		p.once.Do(func() { close(p.asked) })
	}
	return len(piece), nil
}

// hesitant runs the program while a person looks, something happens meanwhile,
// and they type after all.
func hesitant(t *testing.T, line string, meanwhile func(), args ...string) (code int, errs string) {
	t.Helper()
	person, program := terminal(t)
	said := &prompt{asked: make(chan struct{})}
	ended := make(chan int, 1)
	go func() { ended <- runWith(t.Context(), args, program, io.Discard, said) }()
	select {
	case <-said.asked:
	case code := <-ended:
		t.Fatalf("exit %d before it asked: %s", code, said.text.String())
	}
	meanwhile()
	if _, err := person.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
	code = <-ended
	return code, said.text.String()
}

// The doubt that was shown is over attempt 1. By the time that the person types it
// is over attempt 2, of which they know nothing.
func TestDoubtOverAnotherAttemptThanWasShownIsNotResolved(t *testing.T) {
	file, ledger, token := bench(t)
	doubt(t, ledger, token, "s-1")
	code, errs := hesitant(t, "signal 1 was not sent", func() {
		if err := ledger.Decide(t.Context(), pgledger.Decision{
			Signal: 1, Outcome: core.Void, By: "another", Reason: "not in the book",
		}); err != nil {
			t.Error(err)
		}
		call(t, ledger, core.Effect{
			Op: core.Permit, Signal: 1, Attempt: 2, Version: 4, Epoch: 1, Token: token,
		}, core.PermitWasGranted)
		call(t, ledger, core.Effect{
			Op: core.Record, Signal: 1, Attempt: 2, State: core.InDoubt, Token: token,
		}, core.OutcomeWasRecorded)
	}, "in-doubt", "resolve", "1", "--as", "not-sent", "--evidence", "not there", "--config", file)
	if code != exitConflict || !strings.Contains(errs, "since it was shown: attempt 2 is new: in_doubt") ||
		!strings.Contains(errs, "since it was shown: attempt 1 was in_doubt and is void") {
		t.Errorf("exit %d\n%s", code, errs)
	}
	if _, out, _ := command(t, "signals", "show", "1", "--config", file); !strings.Contains(out, "in_doubt") {
		t.Errorf("it was resolved all the same:\n%s", out)
	}
}

func TestHaltThatAnotherSetWhileAPersonLookedIsNotLifted(t *testing.T) {
	file, _, _ := bench(t)
	if code, _, text := command(t, "pause", "--reason", "weekend", "--config", file); code != exitDone {
		t.Fatal(text)
	}
	code, errs := hesitant(t, "resume desk", func() {
		code, _, text := command(t, "halt", "--reason", "fire", "--by", "another", "--config", file)
		if code != exitDone {
			t.Error(text)
		}
	}, "resume", "--reason", "monday", "--config", file)
	if code != exitConflict || !strings.Contains(errs, "meanwhile another set the mode to halt: fire") {
		t.Errorf("resume: exit %d\n%s", code, errs)
	}
	if _, out, _ := command(t, "control", "show", "--config", file); !strings.Contains(out, "halt") {
		t.Errorf("the halt was lifted:\n%s", out)
	}
}
