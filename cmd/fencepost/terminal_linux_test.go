package main

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
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
