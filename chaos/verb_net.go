package chaos

import (
	"context"
	"errors"
	"time"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// wires returns the links that a step names: those of the nodes that were hit
// to its stores, or the one between Redis and its replica.
func (r *run) wires(hit []int16, l scenarios.Link) []*cable {
	if l.Near.IsStore() {
		return []*cable{r.replication}
	}
	var found []*cable
	for _, node := range hit {
		for _, kind := range l.Stores() {
			found = append(found, r.links[node][kind.Store()])
		}
	}
	return found
}

// cable is one link of the run, and how many faults lie on it.
type cable struct {
	link.Link
	faults int
}

// strikeNet damages links.
func (r *run) strikeNet(ctx context.Context, index int, v scenarios.Net) (bool, error) {
	var hit []int16
	if !v.Link.Near.IsStore() {
		if hit = r.resolve(ctx, v.Link.Near); len(hit) == 0 {
			return false, nil
		}
	}
	at := r.clock.now()
	r.steps[index].hit = hit
	r.bind(v.As, hit, at)
	d := link.Damage{
		Effect: v.Effect, Arrow: v.Link.Arrow, On: v.On,
		Delay:    time.Duration(r.chance.span(v.Delay, r.program.ttl)),
		Jitter:   time.Duration(r.chance.span(v.Jitter, r.program.ttl)),
		Interval: time.Duration(v.Rate.Interval(r.program.ttl)),
	}
	for _, node := range hit {
		r.fault(history.LinkFault, true, node, at)
	}
	r.started(ctx, index, at)
	wires := r.wires(hit, v.Link)
	r.open(index, wires)
	if err := r.damage(index, wires, d); err != nil {
		return true, err
	}
	length := v.For
	if v.Effect == scenarios.Reset && length.IsZero() && d.Interval == 0 {
		// An instant: it breaks what is open, once.
		length = scenarios.Length{Nanos: int64(time.Millisecond)}.Span()
	}
	r.healLater(index, length, func() {
		at := r.clock.now()
		r.finished(ctx, index, at)
		r.broke(r.repair(index, wires))
		for _, node := range hit {
			r.fault(history.LinkFault, false, node, r.clock.now())
		}
	})
	return true, nil
}

// damage lays one fault on several links.
func (r *run) damage(index int, wires []*cable, d link.Damage) error {
	var faults []error
	for _, w := range wires {
		w.faults++
		faults = append(faults, w.Damage(index, d))
	}
	r.reachChanged()
	return errors.Join(faults...)
}

// repair takes it off.
func (r *run) repair(index int, wires []*cable) error {
	var faults []error
	for _, w := range wires {
		w.faults--
		faults = append(faults, w.Heal(index))
	}
	r.reachChanged()
	return errors.Join(faults...)
}

// reachChanged tells the checkers which stores each node can reach from now on,
// and the judge whether progress is owed: whether a live node reaches
// PostgreSQL.
func (r *run) reachChanged() {
	now, owed := r.clock.now(), false
	for _, n := range r.nodes {
		reach := uint8(0)
		for store := core.Redis; store <= core.Broker; store++ {
			if r.down[store] == 0 && r.links[n.index][store].faults == 0 {
				reach |= 1 << store
			}
		}
		if reach != n.reach || !n.told {
			n.reach, n.told = reach, true
			r.book.add(now, history.Record{Kind: history.Reach, Node: n.index, Stores: reach})
		}
		owed = owed || n.up && n.pauses == 0 && reach&(1<<core.Postgres) != 0
	}
	if owed != r.owed {
		r.owed = owed
		r.book.tell(now, func(j *scenarios.Judge, at int64) { j.Liveness(owed, at) })
	}
}
