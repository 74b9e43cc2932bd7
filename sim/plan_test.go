package sim

import (
	"reflect"
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// everyFault is one fault of each kind, one after the other, on whomever.
func everyFault() []Fault {
	const second = 1_000_000_000
	var all []Fault
	for i, k := range FaultKinds() {
		f := Fault{At: int64(i+1) * 3 * second, Kind: k, Node: int16(i % 3), Whom: Whom(i % 4), Value: 4_000}
		if f.Whom == TheLeader || k == RedisSetLease {
			f.Whom = OneNode
		}
		if kinds[k].lasts {
			f.Hold = 2*second + 1_000
		}
		if kinds[k].verb == "net" {
			f.Store, f.Arrow, f.Cut = core.Postgres, scenarios.Back, core.Permit
		}
		if kinds[k].value == ofCount {
			f.Value = 3
		}
		all = append(all, f)
	}
	return all
}

// withSteps returns the scenario as a file that ends with these faults, written
// and read again.
func withSteps(t *testing.T, s *scenarios.Scenario, faults []Fault) *scenarios.Scenario {
	t.Helper()
	full := *s
	full.Why, full.Tiers, full.TierReason = "w", []scenarios.Tier{scenarios.SimTier}, "r"
	full.Catches = []scenarios.Catch{{"fails-open"}}
	full.Expect = []scenarios.Expect{{Claim: scenarios.Never{Invariant: check.SingleExecutor}}}
	full.Nemesis = nil
	for _, f := range faults {
		full.Steps = append(full.Steps, f.Step())
	}
	text := scenarios.Format(&full)
	read, err := scenarios.Parse(s.Name+".yaml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return read
}

func TestEveryKindOfFaultIsAStepThatTheExecutorKnows(t *testing.T) {
	s := denseFaults()
	s.Cluster.Redis.Mode = scenarios.ReplicatedRedis
	faults := everyFault()
	read := withSteps(t, s, faults)
	for i, f := range faults {
		if got := read.Steps[i].Verb; !reflect.DeepEqual(got, f.Verb()) {
			t.Errorf("%v: %+v was written, %+v read", f, f.Verb(), got)
		}
		if verb, _ := f.Kind.Word(); verb != read.Steps[i].Verb.Word() || wordOfKind[f.Kind] < 0 {
			t.Errorf("%v is a %s", f.Kind, read.Steps[i].Verb.Word())
		}
	}
	p, err := Compile(read)
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorld(p)
	w.Run(1)
	for i := range w.steps {
		if !w.steps[i].done {
			t.Errorf("%v did not take effect", faults[i])
		}
		if !w.steps[i].ended {
			t.Errorf("%v did not end", faults[i])
		}
	}
}

func TestANemesisAndItsPlanWrittenOutMakeTheSameRun(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		s := denseFaults()
		s.Run.Duration = scenarios.Length{Nanos: 120_000_000_000}
		s.Cluster.Redis.Mode = scenarios.ReplicatedRedis
		drawn, err := Compile(s)
		if err != nil {
			t.Fatal(err)
		}
		w := NewWorld(drawn)
		want := w.Run(seed)
		plan := w.Plan(nil)
		written, err := Compile(withSteps(t, s, plan))
		if err != nil {
			t.Fatal(err)
		}
		w.Load(written)
		if got := w.Run(seed); got.Hash != want.Hash || got.Events != want.Events {
			t.Errorf("seed %d, %d faults: %x with %d events; written out %x with %d",
				seed, len(plan), want.Hash, want.Events, got.Hash, got.Events)
		}
	}
}

// TestAProcessThatStartsOnASleepingMachineIsAsleep keeps the checkers from
// asking it for what it cannot do.
func TestAProcessThatStartsOnASleepingMachineIsAsleep(t *testing.T) {
	const second = int64(1_000_000_000)
	p, err := Compile(withSteps(t, denseFaults(), []Fault{
		{At: second, Kind: KillNode, Node: 1, Hold: 2 * second},
		{At: 2 * second, Kind: ClockSuspend, Node: 1, Hold: 4 * second},
	}))
	if err != nil {
		t.Fatal(err)
	}
	w := NewWorld(p)
	w.Run(1)
	var text strings.Builder
	if err := w.WriteTrace(&text, 0); err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(text.String(), "n2     (node down)")
	_, after, _ = strings.Cut(after, "n2     (node up)")
	asleep, _, _ := strings.Cut(after, "n2     (node resumed)")
	if !strings.Contains(asleep, "n2     (node paused)") || strings.Contains(asleep, "n2  ->") {
		t.Errorf("before it wakes up:\n%s", asleep)
	}
}

// densePlan is the plan of the benchmark.
func densePlan(t *testing.T, change func(*scenarios.Nemesis)) *Plan {
	t.Helper()
	s := denseFaults()
	change(s.Nemesis)
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return p.plan
}

func TestAPlanKeepsToWhatTheFileSays(t *testing.T) {
	const second = int64(1_000_000_000)
	p := densePlan(t, func(n *scenarios.Nemesis) {
		n.MaxActive, n.Protect = 2, scenarios.ProtectOneNode
		n.QuietEvery, n.QuietFor = scenarios.Length{Nanos: 60 * second}, scenarios.Length{Nanos: 20 * second}
	})
	drawn := 0
	for seed := range uint64(50) {
		faults := DrawPlan(tape.Seeded(seed), p, nil)
		drawn += len(faults)
		for i, f := range faults {
			if f.At < 0 || f.At >= p.Until || f.Hold > p.HoldMax {
				t.Fatalf("%v is out of bounds", f)
			}
			if kinds[f.Kind].lasts && f.At/second%80 < 60 && (f.At+f.Hold)/second%80 > 60 {
				t.Fatalf("%v reaches into a quiet window", f)
			}
			if (kinds[f.Kind].node || kinds[f.Kind].verb == "net") && (f.Node == 0 || f.Whom > TheLeader) {
				t.Fatalf("%v strikes the protected node", f)
			}
			standing := 0
			for _, before := range faults[:i] {
				if before.At <= f.At && before.At+before.Hold > f.At {
					standing++
				}
			}
			if standing > 2 || standing == 2 && f.Hold > 0 {
				t.Fatalf("%v comes while %d others stand", f, standing)
			}
		}
	}
	if drawn < 1000 {
		t.Errorf("only %d faults in fifty plans", drawn)
	}
	if faults := DrawPlan(tape.From(tape.Benign{}), p, nil); len(faults) > 0 {
		t.Errorf("nothing was left to chance, and yet %v", faults)
	}
}

// TestPlansAreAsDenseAsTheyShouldBe looks at what the generator really makes.
func TestPlansAreAsDenseAsTheyShouldBe(t *testing.T) {
	p := densePlan(t, func(*scenarios.Nemesis) {})
	var count, leaders, nodes int
	var byKind [FaultTotal]int
	var halves [2]int
	for seed := range uint64(200) {
		for _, f := range DrawPlan(tape.Seeded(seed), p, nil) {
			count++
			byKind[f.Kind]++
			if kinds[f.Kind].lasts {
				halves[(f.Hold-p.HoldMin)*2/(p.HoldMax-p.HoldMin+1)]++
			}
			if kinds[f.Kind].node {
				nodes++
				if f.Whom == TheLeader {
					leaders++
				}
			}
		}
	}
	if perRun := count / 200; perRun < 270 || perRun > 300 {
		t.Errorf("%d faults in 570 seconds", perRun)
	}
	if r := float64(halves[0]) / float64(halves[1]); r < 0.9 || r > 1.1 {
		t.Errorf("short and long faults are as %v to one", r)
	}
	if share := float64(leaders) / float64(nodes); share < 0.4 || share > 0.6 {
		t.Errorf("%v of those who are struck are leaders", share)
	}
	weights := DefaultWeights()
	for _, k := range FaultKinds() {
		follows, replicated := k == ControlRun || k == OperatorRelease, k == RedisFailover || k == RedisSplit
		never := weights[k] == 0 && !follows || replicated
		if never != (byKind[k] == 0) {
			t.Errorf("%v came %d times with a weight of %d", k, byKind[k], weights[k])
		}
	}
}

func TestTheWeightsOfAFileArePerVerb(t *testing.T) {
	p := densePlan(t, func(n *scenarios.Nemesis) {
		n.Weights = []scenarios.Weight{{Verb: "kill", Weight: 1}, {Verb: "net", Weight: 3}}
	})
	byVerb := map[string]int{}
	for seed := range uint64(50) {
		for _, f := range DrawPlan(tape.Seeded(seed), p, nil) {
			verb, _ := f.Kind.Word()
			byVerb[verb]++
		}
	}
	if r := float64(byVerb["net"]) / float64(byVerb["kill"]); len(byVerb) != 2 || r < 2.7 || r > 3.3 {
		t.Errorf("%v", byVerb)
	}
}

func TestFaultsPrintThemselves(t *testing.T) {
	const second = int64(1_000_000_000)
	for _, c := range []struct {
		fault Fault
		want  string
	}{
		{Fault{At: 12 * second, Kind: KillNode, Whom: TheLeader, Hold: 3 * second}, "12s kill leader for 3s"},
		{
			Fault{
				At: second, Kind: LinkDrop, Node: 1, Store: core.Redis, Arrow: scenarios.Back, Hold: second,
			},
			"1s net drop n2 <- redis for 1s",
		},
		{
			Fault{Kind: LinkCutReply, Whom: Everyone, Store: core.Postgres, Cut: core.Permit, Hold: second},
			"0s net cut_reply all <-> postgres of permit for 1s",
		},
		{
			Fault{At: second, Kind: ClockDrift, Node: 2, Value: -2_500, Hold: second},
			"1s clock drift n3 -0.25% for 1s",
		},
		{
			Fault{At: second, Kind: PostgresSlow, Value: 40_000_000, Hold: second},
			"1s postgres slow 40ms for 1s",
		},
		{Fault{At: second, Kind: OperatorMislead}, "1s operator attest wrong"},
		{Fault{}, "0s no fault"},
	} {
		if got := c.fault.String(); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
	for _, f := range everyFault() {
		if text := f.String(); strings.Contains(text, "?") {
			t.Error(text)
		}
	}
}
