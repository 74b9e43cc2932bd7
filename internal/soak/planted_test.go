//go:build !race

// The race detector sees nothing of the programs that this test builds.

package soak

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"fencepost/chaos"
	"fencepost/internal/mutants"
	"fencepost/internal/testbed/rundir"
	"fencepost/scenarios"
)

func TestMain(m *testing.M) {
	rundir.PreferMemory()
	os.Exit(m.Run())
}

// leaky is a service that keeps, of each signal that it stores, a goroutine and an
// open file.
var leaky = mutants.Mutant{
	Name: "leaks-with-each-signal",
	Edits: []mutants.Edit{
		{
			Path: "internal/intake/store.go",
			Old:  "\th.pass(ctx, \"after:\")\n",
			New: "\tif kept, err := os.Open(os.DevNull); err == nil {\n" +
				"\t\tgo func() { <-context.Background().Done(); kept.Close() }()\n\t}\n" +
				"\th.pass(ctx, \"after:\")\n",
		},
		{Path: "internal/intake/store.go", Old: "\t\"net/http\"\n", New: "\t\"net/http\"\n\t\"os\"\n"},
	},
}

// TestALeakOfTheServiceIsFoundAndTheServiceHasNone plays the same calm soak with
// the service as it is, and with a leak in it.
func TestALeakOfTheServiceIsFoundAndTheServiceHasNone(t *testing.T) {
	t.Parallel()
	tree, err := mutants.FindTree()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		made  []mutants.Mutant
		leaks []chaos.Resource
	}{
		{"as it is", nil, nil},
		{"leaky", []mutants.Mutant{leaky}, []chaos.Resource{chaos.Descriptors, chaos.Goroutines}},
	} {
		t.Run(c.name, func(t *testing.T) {
			program, err := tree.BuildService(t.Context(), c.made, "")
			if err != nil {
				t.Fatal(err)
			}
			p := Plan{Seed: 1, Nodes: 2, TTL: 500 * time.Millisecond, calm: true}
			p.For = LeastRounds * p.Round()
			o := chaos.Options{Program: program, Out: t.TempDir()}
			report, err := Run(t.Context(), p, o, nil, t.Output())
			for range 3 { // other tests may have had the processors
				if err == nil && report.Verdict == scenarios.Invalid {
					report, err = Run(t.Context(), p, o, nil, t.Output())
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			report.Render(&text)
			if report.Unseen != "" {
				t.Fatalf("leaks were not judged:\n%s", &text)
			}
			for _, resource := range c.leaks {
				if !slices.ContainsFunc(report.Leaks, func(l Trend) bool {
					return l.Party == "n1" && l.Resource == resource
				}) {
					t.Errorf("the %s that n1 leaks are not reported:\n%s", resource, &text)
				}
			}
			if len(c.leaks) > 0 && report.Verdict != scenarios.Fail {
				t.Errorf("a leak is a failure:\n%s", &text)
			}
			if len(c.leaks) == 0 && (len(report.Leaks) > 0 || report.Verdict != scenarios.Pass) {
				t.Errorf("a leak, or a failure, where none is:\n%s", &text)
			}
		})
	}
}

// TestAnInterruptEndsASoakWithWhatWasSeen: it is not the run that is interrupted but
// the scenario, and the history until then is judged.
func TestAnInterruptEndsASoakWithWhatWasSeen(t *testing.T) {
	tree, err := mutants.FindTree()
	if err != nil {
		t.Fatal(err)
	}
	program, err := tree.BuildService(t.Context(), nil, "")
	if err != nil {
		t.Fatal(err)
	}
	p := Plan{Seed: 1, Nodes: 2, TTL: 250 * time.Millisecond, For: time.Hour, calm: true}
	halt := make(chan struct{})
	out := &closing{after: regexp.MustCompile(`[1-9]\d* leader`), halt: halt}
	report, err := Run(t.Context(), p, chaos.Options{Program: program, Out: t.TempDir()}, halt, out)
	if err != nil {
		t.Fatal(err)
	}
	if !report.Interrupted || report.Signals == 0 || report.Records == 0 || report.Unseen == "" {
		t.Errorf("an interrupted soak says %+v", report)
	}
}

// closing closes a channel when a line says something.
type closing struct {
	after *regexp.Regexp
	halt  chan struct{}
	done  bool
}

// Write looks at a line.
func (c *closing) Write(line []byte) (int, error) {
	if !c.done && c.after.Match(line) {
		c.done = true
		close(c.halt)
	}
	return len(line), nil
}
