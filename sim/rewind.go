package sim

import (
	"slices"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim/model"
	"fencepost/sim/tape"
)

// siteHardKill decides whether backends are killed, so that the server makes its
// memory anew, or asked to end.
var siteHardKill = tape.New("step.hard-kill", tape.Steps)

// sitePromotion decides whether a standby takes the place of a server that
// crashed.
var sitePromotion = tape.New("postgres.promotion", tape.World)

// siteTimeline decides whether a restored copy has a timeline of its own.
var siteTimeline = tape.New("step.timeline", tape.Steps)

// mostCopies bounds how many states of the ledger are kept.
const mostCopies = 128

// rewindReach is how far back the scenario's rewinds go at the most; zero if
// there are none, and then no copy is ever made.
func rewindReach(s *scenarios.Scenario, plan *Plan, ttl int64) int64 {
	reach := int64(0)
	if plan != nil && slices.Contains(plan.Mix.kinds[:plan.Mix.size], PostgresRewind) {
		reach = ttl
	}
	for i := range s.Steps {
		if v, ok := s.Steps[i].Verb.(scenarios.Postgres); ok && v.Act == scenarios.PostgresRewind {
			_, most := v.By.Resolve(ttl)
			reach = max(reach, most)
		}
	}
	return reach
}

// startCopies keeps the empty ledger, and a copy each tenth of a ttl from now
// on, as far back as somebody may want to go.
func (w *World) startCopies() {
	reach := w.program.rewinds
	if reach == 0 {
		return
	}
	c := &w.ledger.copies
	c.every = max(w.program.ttl/10, reach/(mostCopies-2)+1)
	c.size = int(reach/c.every) + 2
	c.ring = sized(c.ring, c.size)
	w.takeCopy()
}

// takeCopy keeps the ledger as it is.
func (w *World) takeCopy() {
	c := &w.ledger.copies
	at := c.taken % c.size
	c.ring[at].CopyFrom(&w.postgres)
	c.at[at] = w.now
	c.taken++
	w.storeTurnAt(w.now+c.every, copyTaken)
}

// copyBefore returns the youngest copy that is not younger than the instant, or
// the oldest that is kept. Those of what came after it are forgotten: they are
// of a past that the ledger will not have had.
func (c *copies) copyBefore(at int64) *model.Postgres {
	if c.taken == 0 {
		panic("sim: Compile keeps copies where something may rewind")
	}
	k := c.taken - 1
	for oldest := max(c.taken-c.size, 0); k > oldest && c.at[k%c.size] > at; {
		k--
	}
	c.taken = k + 1
	return &c.ring[k%c.size]
}

// rewind restores an older copy of the ledger. Nobody is told but by the
// ledger itself; the checkers hear that rows were lost until a person accepts
// what is left, or the run heals.
func (w *World) rewind(v *scenarios.Postgres) {
	older := w.ledger.copies.copyBefore(w.now - w.span(v.By))
	w.fault(history.PostgresLoss, true, history.None)
	w.ledger.losses++
	branch := w.draw(siteTimeline, int(w.acting))&1 == 0
	stopped := w.postgres.Control() != core.Run
	w.postgres.Rewind(core.Time(w.now), older, branch)
	w.drain()
	w.controlChanged(stopped)
}

// acceptLoss ends what the checkers excuse because of lost rows.
func (w *World) acceptLoss() {
	for ; w.ledger.losses > 0; w.ledger.losses-- {
		w.fault(history.PostgresLoss, false, history.None)
	}
}

// acceptAuthority is the person who looks at a ledger that went back in time,
// enters the epochs up to the highest that anybody knows of, be it Redis or
// whoever raised the alarm, and lets nodes stand again.
func (w *World) acceptAuthority() {
	known := max(w.ledger.paged, w.redis.Witness())
	if w.replica.split {
		known = max(known, w.replica.promoted.Witness())
	}
	w.postgres.AcceptAuthority(core.Time(w.now), known)
	w.drain()
	w.acceptLoss()
}
