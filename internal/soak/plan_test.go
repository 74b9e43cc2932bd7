package soak

import (
	"testing"
	"time"

	"fencepost/chaos"
	"fencepost/scenarios"
)

// TestDeathsStrikeTheLastNodeAlone: the others live for the whole soak, and all
// families of faults but the rolling restart are there.
func TestDeathsStrikeTheLastNodeAlone(t *testing.T) {
	t.Parallel()
	p := Plan{For: DefaultFor, Seed: 3, Nodes: DefaultNodes, TTL: DefaultTTL}
	s, err := p.Scenario()
	if err != nil {
		t.Fatal(err)
	}
	steps, err := p.Faults(s)
	if err != nil {
		t.Fatal(err)
	}
	met := map[string]int{}
	for i := range steps {
		met[steps[i].Verb.Word()]++
		switch v := steps[i].Verb.(type) {
		case scenarios.Kill:
			if v.Node.Kind != scenarios.NodeParty || v.Node.Index != p.Nodes {
				t.Errorf("step %d kills %s", i+1, v.Node)
			}
		case scenarios.Stop:
			if v.Node.Kind != scenarios.NodeParty || v.Node.Index != p.Nodes {
				t.Errorf("step %d stops %s", i+1, v.Node)
			}
		case scenarios.Roll:
			t.Errorf("step %d restarts everybody", i+1)
		}
	}
	for _, verb := range []string{
		"kill", "stop", "pause", "net", "clock", "redis", "postgres", "broker", "webhook", "control",
		"operator",
	} {
		if met[verb] == 0 {
			t.Errorf("no %s in %d faults", verb, len(steps))
		}
	}
}

// TestNothingIsBrokenAtAQuietPoint: no fault reaches into the time in which the
// cluster owes to get well, nor to the look that follows.
func TestNothingIsBrokenAtAQuietPoint(t *testing.T) {
	t.Parallel()
	p := Plan{For: DefaultFor, Seed: 5, Nodes: 5, TTL: DefaultTTL}
	s, err := p.Scenario()
	if err != nil {
		t.Fatal(err)
	}
	steps, err := p.Faults(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(steps) < p.Rounds() {
		t.Fatalf("%d faults in %d rounds", len(steps), p.Rounds())
	}
	for i := range steps {
		at, _ := steps[i].Trigger.At.Resolve(int64(p.TTL))
		if into := time.Duration(at) % p.Round(); into > stormTTLs*p.TTL {
			t.Errorf("step %d strikes %v into its round", i+1, into)
		}
	}
}

// TestAPlanThatProvesNothingIsRefused: too short, too small, too many.
func TestAPlanThatProvesNothingIsRefused(t *testing.T) {
	t.Parallel()
	good := Plan{For: DefaultFor, Nodes: DefaultNodes, TTL: DefaultTTL}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, spoil := range []func(*Plan){
		func(p *Plan) { p.For = LeastRounds*p.Round() - 1 },
		func(p *Plan) { p.Nodes = 1 },
		func(p *Plan) { p.Nodes = 10 },
		func(p *Plan) { p.TTL = 0 },
	} {
		p := good
		spoil(&p)
		if p.Validate() == nil {
			t.Errorf("%+v is taken", p)
		}
	}
}

func TestAHaltAfterTheLastRoundInterruptsNothing(t *testing.T) {
	t.Parallel()
	p := Plan{TTL: time.Second, Nodes: 2}
	p.For = LeastRounds * p.Round()
	running, halted := make(chan struct{}), make(chan struct{})
	close(halted)
	for _, c := range []struct {
		halt   <-chan struct{}
		rounds int
		want   bool
	}{
		{running, 3, false},
		{nil, 3, false},
		{halted, 3, true},
		{halted, LeastRounds - 1, true},
		{halted, LeastRounds, false},
	} {
		if got := p.cutShort(c.halt, c.rounds); got != c.want {
			t.Errorf("%d of %d rounds: %t", c.rounds, p.Rounds(), got)
		}
	}
}

func TestWhatASoakLeavesNamesTheCommandThatPlaysItAgain(t *testing.T) {
	w := &watcher{plan: &Plan{For: DefaultFor, Seed: 7, Nodes: DefaultNodes, TTL: DefaultTTL}}
	made := w.staging(chaos.Options{}, nil)
	if want := "bin/drill soak --for 30m0s --seed 7"; made.Again == nil || made.Again(7) != want {
		t.Errorf("it is not played again by %s", want)
	}
}
