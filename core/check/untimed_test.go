package check

import (
	"testing"
)

func TestWhatIsOwedIsNotJudgedWhereTheMachineStoodStill(t *testing.T) {
	cfg := small()
	begin(cfg, 1).at(2*ttl+1).breaks(t, Recovers, 2*ttl)
	cfg.Untimed = true
	begin(cfg, 1).at(20 * ttl).lawful(t)
}

func TestWhatMustNeverBeIsJudgedOnEveryMachine(t *testing.T) {
	cfg := small()
	cfg.Untimed = true
	both := begin(cfg, 2).elects(0, 1).leads(0, 1, 3*ttl).leads(1, 2, 3*ttl)
	if v, broken := both.suite.Violation(); !broken || v.Invariant.Timed() {
		t.Errorf("two who lead at once are %v, broken %v", v.Invariant, broken)
	}
}

func TestOnlyInvariantsThatBoundATimeAreTimed(t *testing.T) {
	timed := map[Invariant]bool{StaleLeaderDetected: true, LeaseReleased: true, Recovers: true}
	for _, i := range Invariants() {
		if i.Timed() != timed[i] {
			t.Errorf("%s: timed is %v", i, i.Timed())
		}
	}
}
