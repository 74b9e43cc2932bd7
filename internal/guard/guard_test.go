package guard_test

import (
	"strings"
	"testing"

	"fencepost/internal/guard"
)

func TestAPanicNamesWhereItHappened(t *testing.T) {
	var text string
	func() {
		defer func() { text = guard.Panic(recover()) }()
		breaks()
	}()
	first, rest, _ := strings.Cut(text, "\n")
	at, _, _ := strings.Cut(rest, "\n")
	if first != "panic: no epoch" || !strings.Contains(at, "guard_test.breaks") {
		t.Errorf("%q, then %q, want the reason and then the function", first, at)
	}
}

func breaks() { panic("no epoch") }
