package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// noStaleEffect judges no-stale-effect: each permit, heartbeat or closing that
// reaches the ledger under a superseded epoch is refused, and the refusal
// leaves a row behind. Permits that were granted are judged by their place in
// the ledger's sequence, together with single-executor.
//
// It holds always and nothing excuses it.
//
// Counter-example: a leader's heartbeat waits in a link for three ttl and
// arrives when another leads. If the ledger takes it, the old leader believes
// on; if it refuses without a trace, nobody learns that there were two.
type noStaleEffect struct{}

// accepted takes an effect that the ledger carried out.
func (noStaleEffect) accepted(s *Suite, r *history.Record) {
	s.marks[EffectJudged]++
	if !r.Current.Supersedes(r.Epoch) {
		return
	}
	f := of(NoStaleEffect, r, func(f *finding) string {
		return fmt.Sprintf("the ledger carried out a %s of %s under epoch %d; epoch %d is the current one",
			core.Op(f.b), name(f.node), f.epoch, f.a)
	})
	f.a, f.b = int64(r.Current), int64(r.Op)
	s.breaks(f)
}

// refused takes an effect that the ledger refused.
func (noStaleEffect) refused(s *Suite, r *history.Record) {
	s.marks[EffectJudged]++
	if !r.Current.Supersedes(r.Epoch) {
		return
	}
	s.marks[StaleRefused]++
	if r.Logged {
		return
	}
	f := of(NoStaleEffect, r, func(f *finding) string {
		return fmt.Sprintf("a %s of %s under epoch %d (current: %d) was refused and left no row",
			core.Op(f.b), name(f.node), f.epoch, f.a)
	})
	f.a, f.b = int64(r.Current), int64(r.Op)
	s.breaks(f)
}
