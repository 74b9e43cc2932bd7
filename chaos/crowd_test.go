package chaos

import (
	"math"
	"runtime"
	"testing"
	"time"

	"fencepost/core/history"
	"fencepost/scenarios"
)

func TestOthersHaveWhatTheRunDoesNotUse(t *testing.T) {
	t.Parallel()
	whole := time.Duration(runtime.NumCPU()) * time.Second
	var busy, own time.Duration
	c := crowd{
		busyNow: func() (time.Duration, bool) { return busy, true },
		ownNow:  func() (time.Duration, bool) { return own, true },
	}
	c.measure(1e9)
	busy, own = whole, 3*whole/4 // a quarter is left for others
	c.measure(1500e6)
	if c.worst != 0 {
		t.Errorf("others had %v before a second was over", c.worst)
	}
	c.measure(2e9)
	if math.Abs(c.worst-0.25) > 1e-9 || c.at != int64(time.Second) {
		t.Errorf("others had %v at %d, want a quarter at one second", c.worst, c.at)
	}
	busy += whole
	own += whole
	c.measure(3e9)
	if math.Abs(c.worst-0.25) > 1e-9 {
		t.Errorf("others had %v in a second that was the run's own", c.worst)
	}
}

func TestAReadingThatFailsBeginsANewWindow(t *testing.T) {
	t.Parallel()
	busy, known := time.Duration(0), true
	c := crowd{
		busyNow: func() (time.Duration, bool) { return busy, known },
		ownNow:  func() (time.Duration, bool) { return 0, true },
	}
	c.measure(1e9)
	busy, known = time.Hour, false
	c.measure(2e9)
	known = true
	c.measure(3e9)
	c.measure(4e9)
	if c.worst != 0 {
		t.Errorf("others had %v of a machine that nobody could measure", c.worst)
	}
}

func TestBusyTimeIsReadAsTheKernelWritesIt(t *testing.T) {
	t.Parallel()
	stat := []byte("cpu  300 40 60 8000 1000 12 14 16 180 20\n" +
		"cpu0 100 20 30 4000 500 6 7 8 90 10\ncpu1 1 1 1 9 9 1 1 1 9 9\n" +
		"cpu2 200 20 30 4000 500 6 7 8 90 10\n" +
		"intr 1 2 3 4 5 6 7 8 9 10\n")
	both := usable([]byte("Name:\tx\nCpus_allowed:\t5\nCpus_allowed_list:\t0,2-3\nMems_allowed:\t1\n"))
	if got, ok := busyOf(stat, both); !ok || got != 4420*time.Millisecond {
		t.Errorf("busy for %v, %v", got, ok)
	}
	for _, line := range []string{"", "cpu 1 2 3 4 5 6 7 8", "cpu0 1 2 3", "cpu0 1 2 x 4 5 6 7 8"} {
		if _, ok := busyOf([]byte(line), both); ok {
			t.Errorf("%q is read", line)
		}
	}
	if list := usable([]byte("Name:\tx\n")); len(list) > 0 {
		t.Errorf("nothing is said, and %v are read", list)
	}
	if _, ok := machineBusy(); !ok {
		t.Error("nobody knows how busy this machine is")
	}
}

// late is a scenario in which a leader is owed and nobody is elected.
const late = `version: 1
name: late
why: A test.
tiers: [sim, real]
catches: [belief-by-flag]
cluster: {nodes: 3, lease: {ttl: 1s}}
workload: {signals: 20/s}
steps:
  - {id: hit, at: 1s, control: {set: halt}}
expect:
  - never: single-executor
  - elect: {from: hit.start, within: 1ttl}
run: {duration: 20ttl}
`

// compiled reads a file's text and compiles it.
func compiled(t *testing.T, name, text string) *Program {
	t.Helper()
	file, err := scenarios.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lateRun is a run of it that fails on a calm machine.
func lateRun(t *testing.T) (*Program, []entry) {
	t.Helper()
	p := compiled(t, "late.yaml", late)
	var b book
	b.add(0, history.Record{Kind: history.NodeUp, Node: 0})
	b.tell(1e9, func(j *scenarios.Judge, at int64) { j.Started(0, at) })
	b.tell(1e9+1, func(j *scenarios.Judge, at int64) { j.Ended(0, at) })
	return p, b.sorted(20e9)
}

func TestAFailureBesideOthersIsInvalidAndOnACalmMachineItStands(t *testing.T) {
	t.Parallel()
	p, entries := lateRun(t)
	if out := p.judge(entries, 20e9, nil, conditions{}); out.verdict != scenarios.Fail {
		t.Errorf("on a calm machine: %s, want fail", out.verdict)
	}
	others := conditions{disturbed: "others had the machine", at: 2e9}
	if out := p.judge(entries, 20e9, nil, others); out.verdict != scenarios.Invalid {
		t.Errorf("beside others: %s (%v), want invalid", out.verdict, out.failure)
	}
}
