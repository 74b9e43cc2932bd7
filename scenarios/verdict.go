package scenarios

import (
	"fmt"
	"strconv"

	"fencepost/core/check"
	"fencepost/core/history"
)

// RunVerdict says how the run of one seed ended; of a file and of a command it
// is the worst of its runs.
type RunVerdict uint8

// The verdicts. The zero value is the one that claims nothing, so that a run
// which nobody judged cannot be taken for one that passed.
const (
	// Unknown: a checker gave up, or none has judged.
	Unknown RunVerdict = iota
	// Pass: everything that the file expects held, and every invariant.
	Pass
	// Fail: an invariant or an expectation was broken.
	Fail
	// Invalid: an assumption of the file did not hold, so the run says nothing.
	Invalid
	// Crash: the harness itself broke, or a process of the service ended by itself.
	Crash
)

// ExitRefused is the exit code for wrong usage, and for a file, a verb or a tier
// that is refused. The other exit codes are those of the verdicts.
const ExitRefused = 64

// verdicts holds the words, from the worst to the best.
var verdicts = []struct {
	verdict RunVerdict
	word    string
	exit    int
}{
	{Crash, "crash", 4}, {Fail, "fail", 1}, {Unknown, "unknown", 2}, {Invalid, "invalid", 3}, {
		Pass, "pass",
		0,
	},
}

// String returns the verdict's fixed word.
func (v RunVerdict) String() string {
	for _, row := range verdicts {
		if row.verdict == v {
			return row.word
		}
	}
	return "verdict(?)"
}

// ParseRunVerdict returns the verdict of that word.
func ParseRunVerdict(word string) (RunVerdict, bool) {
	for _, row := range verdicts {
		if row.word == word {
			return row.verdict, true
		}
	}
	return Unknown, false
}

// MarshalText returns the verdict's word. It never fails.
func (v RunVerdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the verdict's word.
func (v *RunVerdict) UnmarshalText(text []byte) error {
	parsed, ok := ParseRunVerdict(string(text))
	if !ok {
		return fmt.Errorf("%q is no verdict", text)
	}
	*v = parsed
	return nil
}

// ExitCode returns the exit code of a command whose worst verdict this is.
func (v RunVerdict) ExitCode() int {
	for _, row := range verdicts {
		if row.verdict == v {
			return row.exit
		}
	}
	return Crash.ExitCode()
}

// WorseThan tells whether v outranks u, in the order crash, fail, unknown,
// invalid, pass.
func (v RunVerdict) WorseThan(u RunVerdict) bool { return v.rank() < u.rank() }

// Worst returns the worse of the two verdicts.
func (v RunVerdict) Worst(u RunVerdict) RunVerdict {
	if u.WorseThan(v) {
		return u
	}
	return v
}

// rank is the verdict's place in the order, the worst first. A verdict without
// a place is a mistake of the harness and ranks with its crashes.
func (v RunVerdict) rank() int {
	for i, row := range verdicts {
		if row.verdict == v {
			return i
		}
	}
	return 0
}

// Failure is the first thing that kept a run from passing: a broken invariant, a
// broken expectation, or an assumption that did not hold.
type Failure struct {
	// Invariant is the broken invariant, or check.NoInvariant.
	Invariant check.Invariant
	// Expect is otherwise the entry of the file in words, with its line, or says
	// which assumption did not hold.
	Expect string
	// At is when it was broken: nanoseconds of the run's true time.
	At int64
	// Step is the step that fired last before At, or "" where none had.
	Step string
	// Node is the node concerned, or history.None.
	Node int16
	// Detail says what was seen instead of what was expected.
	Detail string
}

// What returns the name of the broken invariant, or the broken entry.
func (f *Failure) What() string {
	if f.Invariant != check.NoInvariant {
		return f.Invariant.String()
	}
	return f.Expect
}

// String returns the failure on one line.
func (f *Failure) String() string {
	text := f.What() + " at " + Seconds(f.At)
	if f.Node != history.None {
		text += " on " + NodeName(f.Node)
	}
	if f.Step != "" {
		text += " after step " + f.Step
	}
	if f.Detail != "" {
		text += ": " + f.Detail
	}
	return text
}

// Earlier returns whichever of the two failures came first; nil is none. Of two
// at the same instant it returns f.
func (f *Failure) Earlier(g *Failure) *Failure {
	if f == nil || g != nil && g.At < f.At {
		return g
	}
	return f
}

// NodeName returns the name under which a scenario file speaks of the node: the
// node of index 0 is n1. It is "" for history.None.
func NodeName(node int16) string {
	if node < 0 {
		return ""
	}
	return "n" + strconv.Itoa(int(node)+1)
}

// Seconds returns an instant or a stretch of time in nanoseconds as seconds, to
// the microsecond.
func Seconds(nanos int64) string {
	return strconv.FormatFloat(float64(nanos)/float64(second), 'f', 6, 64) + "s"
}
