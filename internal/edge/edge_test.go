package edge

import (
	"os"
	"strings"
	"testing"
)

// searched draws the map once for all tests that read it.
func searched(t *testing.T, seeds, workers int) *Map {
	t.Helper()
	m, err := Search(t.Context(), seeds, workers)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestDocumentShowsWhatTheMapSays(t *testing.T) {
	t.Parallel()
	m := searched(t, Seeds, 0)
	for file, want := range map[string]func(string) (string, error){
		"../../docs/TOLERANCE.md":  m.Within,
		"../../docs/tolerance.svg": func(string) (string, error) { return m.SVG(), nil },
	} {
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, err := want(string(have))
		if err != nil || text != string(have) {
			t.Errorf("%s is out of date (%v); run\n  "+
				"go run ./cmd/drill map --doc docs/TOLERANCE.md --svg docs/tolerance.svg", file, err)
		}
	}
}

// The protocol shows where its promise about belief ends, and no older map than the
// document of the map.
func TestProtocolShowsTheTablesOfTheMap(t *testing.T) {
	t.Parallel()
	var text [2]string
	for i, file := range []string{"../../docs/TOLERANCE.md", "../../docs/PROTOCOL.md"} {
		have, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text[i] = string(have)
	}
	_, after, begins := strings.Cut(text[0], beginMark+"\n")
	tables, _, ends := strings.Cut(after, "\n```")
	if !begins || !ends || !strings.Contains(text[1], "\n"+strings.TrimSpace(tables)+"\n\n") {
		t.Error("docs/PROTOCOL.md, section 6, shows other tables than docs/TOLERANCE.md: copy them")
	}
}

func TestOneNodeBelievesAsLongAsClocksKeepTheirPromise(t *testing.T) {
	t.Parallel()
	for _, timing := range Timings() {
		for _, kind := range []Disturbance{Pause, Delay} {
			for _, amount := range amounts[kind] {
				s := situation{timing: timing, kind: kind, amount: amount, drift: 10_000}
				f, err := s.probe(20)
				if err != nil {
					t.Fatal(err)
				}
				if f.believers || f.executors || f.other != 0 {
					t.Errorf("%+v: %+v", s, f)
				}
			}
		}
	}
}

func TestTwoBelieveOnceClocksAreFarBeyondTheirPromise(t *testing.T) {
	t.Parallel()
	for _, kind := range []Disturbance{Pause, Delay} {
		s := situation{timing: Timings()[0], kind: kind, amount: 2000, drift: 150_000}
		f, err := s.probe(50)
		if err != nil || !f.believers {
			t.Errorf("%v: two never believed: %+v (%v)", kind, f, err)
		}
		if f.executors {
			t.Errorf("%v: two executed", kind)
		}
	}
}

func TestMoreMarginBearsMoreDrift(t *testing.T) {
	t.Parallel()
	usual, wide := Timings()[0], Timings()[3]
	if wide.Margin <= usual.Margin {
		t.Fatal("the last timing is to have the wider margin")
	}
	narrow := bisect(t.Context(), situation{timing: usual, amount: 2000}, 30)
	wider := bisect(t.Context(), situation{timing: wide, amount: 2000}, 30)
	if narrow.drift >= wider.drift || wider.drift > driftLimit {
		t.Errorf("%d ppm with the usual margin, %d with twice that", narrow.drift, wider.drift)
	}
}

func TestMapIsTheSameOnAnyNumberOfCores(t *testing.T) {
	t.Parallel()
	one, many := searched(t, 5, 1), searched(t, 5, 4)
	if one.Table() != many.Table() || one.SVG() != many.SVG() || one.Runs != many.Runs {
		t.Errorf("alone\n%s\ntogether\n%s", one.Table(), many.Table())
	}
}

func TestDocumentWithoutMarkersIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := (&Map{}).Within("# Nothing\n"); err == nil || !strings.Contains(err.Error(), beginMark) {
		t.Errorf("refused with %v", err)
	}
}
