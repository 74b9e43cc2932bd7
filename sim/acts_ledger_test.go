package sim

import (
	"fmt"
	"testing"

	"fencepost/core/event"
	"fencepost/core/history"
)

// during returns how often the event happened while the step stood and while
// it did not, over the seeds of a world whose first step is that one.
func during(t *testing.T, w *World, e event.Event, seeds int) (within, after int) {
	t.Helper()
	for seed := uint64(1); seed <= uint64(seeds); seed++ {
		w.Run(seed)
		w.retrace()
		began, healed := int64(-1), int64(-1)
		if w.trace.count > traceLength {
			t.Fatal("the trace does not hold the whole run")
		}
		for i := range w.trace.count {
			switch l := &w.trace.lines[i]; {
			case l.kind == tracedStep && l.req == 0:
				began = l.at
			case l.kind == tracedHeal && l.req == 0:
				healed = l.at
			case l.kind != tracedRecord || l.event != e || began < 0:
			case healed < 0 && l.at > began+slack:
				within++
			case healed >= 0 && l.at > healed:
				after++
			}
		}
	}
	return within, after
}

// slack is for what was under way when a fault struck.
const slack = 20_000_000

func TestReadOnlyLedgerTakesNothingAndTellsEverything(t *testing.T) {
	w := acts(t, "{at: 4s, postgres: {act: read_only, for: 2ttl}}")
	r := plays(t, w, 30)
	times(t, r, event.OutcomeUnknown, 30, -1)
	for _, e := range []event.Event{event.PermitGranted, event.SignalReceived, event.EpochTaken} {
		within, after := during(t, w, e, 10)
		if within > 0 || after == 0 && e != event.EpochTaken {
			t.Errorf("%v: %d while the ledger was read-only, %d after", e, within, after)
		}
	}
}

func TestExhaustedLedgerLetsTheLeaderBeatOn(t *testing.T) {
	w := acts(t, "{at: 4s, postgres: {act: exhaust, for: 3ttl}}")
	r := plays(t, w, 30)
	times(t, r, event.LeaderElected, 30, 30)
	if within, after := during(t, w, event.PermitGranted, 10); within > 0 || after == 0 {
		t.Errorf("%d permits while all connections were taken, %d after", within, after)
	}
	broken := "{at: 5s, net: {link: leader <-> postgres, effect: reset}}"
	r = plays(t, acts(t, "{at: 4s, postgres: {act: exhaust, for: 3ttl}}", broken), 30)
	times(t, r, event.LeaderSteppedDown, 30, -1)
}

func TestLockedRowsHoldPermitsUpAndWithThemTakeovers(t *testing.T) {
	lock := "{at: 4s, postgres: {act: lock_rows, for: 3ttl}}"
	w := acts(t, lock)
	times(t, plays(t, w, 30), event.LeaderElected, 30, -1)
	within, after := during(t, w, event.PermitGranted, 10)
	if within > 0 || after == 0 {
		t.Errorf("%d permits while the rows were locked, %d after", within, after)
	}
	if received, _ := during(t, w, event.SignalReceived, 10); received == 0 {
		t.Error("new rows need no lock of old ones")
	}
}

func TestHungPostmasterLeavesOpenSessionsAlone(t *testing.T) {
	hang := "{at: 4s, postgres: {act: hang_postmaster, for: 4ttl}}"
	times(t, plays(t, acts(t, hang), 30), event.LeaderSteppedDown, 0, 3)
	broken := "{at: 5s, net: {link: leader <-> postgres, effect: reset}}"
	times(t, plays(t, acts(t, broken), 30), event.LeaderSteppedDown, 0, 0)
	times(t, plays(t, acts(t, hang, broken), 30), event.LeaderSteppedDown, 30, -1)
}

func TestPoolBoundsWhatANodeAsksAtOnce(t *testing.T) {
	const file = `version: 1
name: f
why: w
tiers: [sim, real]
catches: [fails-open]
cluster: {nodes: 1, lease: {ttl: 1s}, postgres: {pool: 4}}
workload: {signals: 2/s}
steps:
  - {at: 3s, postgres: {act: slow, by: 10ms, for: 2s}}
  - {at: 4s, webhook: {act: burst, count: 60, to: n1}}
expect:
  - never: single-executor
  - metric: {name: pool_in_use, node: n1, below: 8}
  - metric: {name: in_flight, node: n1, below: 17}
run: {duration: 20ttl, settle: 10ttl, seeds: {sim: 1}}
`
	w := world(t, file)
	plays(t, w, 10)
	w.judge.Reset(w.program.scenario, w.program.ttl)
	most := 0
	for seed := uint64(1); seed <= 5; seed++ {
		w.Play(&w.seeded)
		for i := range w.ledger.pools {
			most = max(most, w.ledger.pools[i].idle)
		}
	}
	if most == 0 || most > 4 {
		t.Errorf("%d sessions are open", most)
	}
}

func TestRewoundLedgerBarsEveryNodeUntilAPersonClears(t *testing.T) {
	rewind := "{id: r, at: 6s, postgres: {act: rewind, by: 3s, down: 200ms}}"
	crash := "{at: 4s, kill: {node: leader, restart: 1s}}"
	never := plays(t, acts(t, crash, rewind), 30)
	times(t, never, event.AuthorityRegressed, 30, -1)
	w := acts(t, rewind, crash)
	if within, after := during(t, w, event.PermitGranted, 10); within+after > 0 {
		t.Errorf("%d permits of a ledger that lost an epoch", within+after)
	}
	cleared := acts(t, "{id: c, after: r.end, plus: 3ttl, operator: {act: clear, delay: 1s}}", crash, rewind)
	r := plays(t, cleared, 30)
	times(t, r, event.AuthorityRegressed, 30, -1)
	if _, after := during(t, cleared, event.PermitGranted, 10); after == 0 {
		t.Error("nobody stood after the person's repair")
	}
}

func TestPersonTakesTheTimeThatTheFileSays(t *testing.T) {
	const file = `version: 1
name: f
why: w
tiers: [sim, real]
catches: [fails-open]
cluster: {nodes: 3, lease: {ttl: 1s}, broker: {class: D}}
workload: {signals: 10, every: 200ms}
steps:
  - {at: 0s, broker: {act: accept_then_silence}}
  - {at: 6s, operator: {act: attest%s}}
expect:
  - never: no-lost-signal
  - final: every_signal_terminal
run: {duration: 15ttl, settle: 3ttl, seeds: {sim: 1}}
`
	for delay, least := range map[string]int64{"": 0, ", delay: 300ms": 3_000_000_000} {
		w := world(t, fmt.Sprintf(file, delay))
		times(t, plays(t, w, 5), event.SignalInDoubt, 50, 50)
		w.retrace()
		began, first, last := int64(0), int64(0), int64(0)
		for i := range w.trace.count {
			l := &w.trace.lines[i&(traceLength-1)]
			switch {
			case l.kind == tracedStep && l.req == 1:
				began = l.at
			case l.kind != tracedRecord || l.record != history.Attested:
			case first == 0:
				first, last = l.at, l.at
			default:
				last = l.at
			}
		}
		if first < began+least/10 || last < began+least || last > began+least {
			t.Errorf("delay %q: asked at %d, first answer at %d, last at %d", delay, began, first, last)
		}
	}
}

func TestKilledBackendTakesNoHeartbeatBack(t *testing.T) {
	const file = `version: 1
name: f
why: w
tiers: [sim, real]
catches: [fails-open]
cluster: {nodes: 3, lease: {ttl: 10s}, broker: {class: D}}
workload: {signals: 1/s}
steps:
  - {at: 10s, net: {link: followers <-> redis, effect: drop, for: 8ttl}}
  - {id: cut, at: 31s..34s, net: {link: leader <-> postgres, effect: drop, for: 2ttl}}
  - {after: cut.start, plus: 0s..0.3s, postgres: {act: kill_backends}}
expect:
  - never: single-believer
run: {duration: 12ttl, settle: 4ttl, seeds: {sim: 1}}
`
	plays(t, world(t, file), 400)
}
