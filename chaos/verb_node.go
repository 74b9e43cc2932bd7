package chaos

import (
	"context"
	"time"

	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// strikeDown ends processes, with or without warning.
func (r *run) strikeDown(ctx context.Context, index int, who scenarios.Party, as string,
	restart scenarios.Span, crash bool,
) (bool, error) {
	hit := r.resolve(ctx, who)
	if len(hit) == 0 {
		return false, nil
	}
	at := r.clock.now()
	r.steps[index].hit = hit
	r.bind(as, hit, at)
	for _, node := range hit {
		r.nodes[node].downs++
		r.fault(history.NodeFault, true, node, at)
	}
	r.started(ctx, index, at)
	for _, node := range hit {
		if err := r.endProcess(r.nodes[node], crash); err != nil {
			return true, err
		}
	}
	r.healLater(index, restart, func() { r.reviveAll(ctx, index, hit) })
	return true, nil
}

// endProcess kills a process, or asks it to stop: it leaves once it is idle.
func (r *run) endProcess(n *instance, crash bool) error {
	if !n.up {
		return nil
	}
	if !crash {
		n.stopping = true
		return n.stop()
	}
	if err := n.kill(); err != nil {
		return err
	}
	r.gone(n, len(n.lives)-1)
	return nil
}

// gone takes the end of a process, wherever it was noticed first.
func (r *run) gone(n *instance, number int) {
	l := n.lives[number]
	if l.ended != 0 {
		return
	}
	l.ended = r.clock.now()
	l.how = l.process.How()
	// One that ended by itself is what the run comes to: nothing is waited for.
	r.done = r.done || !l.asked
	if number == len(n.lives)-1 {
		n.up, n.stopping, n.role = false, false, follower
		r.reachChanged()
	}
}

// reviveAll starts processes again, all at once, and notes when the last one
// answers.
func (r *run) reviveAll(ctx context.Context, index int, nodes []int16) {
	var wanted []*instance
	for _, node := range nodes {
		n := r.nodes[node]
		n.downs--
		if n.downs == 0 && !n.starting {
			wanted = append(wanted, n)
		}
	}
	r.startAll(ctx, wanted, func() {
		at := r.clock.now()
		for _, node := range nodes {
			r.fault(history.NodeFault, false, node, at)
		}
		r.finished(ctx, index, at)
	})
}

// startAll starts processes beside the conductor and comes back to it when all
// of them answer. One that is still on its way out is killed first.
func (r *run) startAll(ctx context.Context, nodes []*instance, then func()) {
	for _, n := range nodes {
		if n.up {
			if err := n.kill(); err != nil {
				r.broke(err)
				return
			}
			r.gone(n, len(n.lives)-1)
		}
	}
	starts := make([]func() error, len(nodes))
	for i, n := range nodes {
		l := n.prepare(r.clock.now())
		starts[i] = func() error { return r.launch(ctx, n, l) }
	}
	r.background(func() error { return together(starts...) }, func() {
		for _, n := range nodes {
			r.arrived(ctx, n)
		}
		then()
	})
}

// launch starts a process that was prepared and waits until it answers, but no longer
// than the run lasts: then it is killed.
func (r *run) launch(ctx context.Context, n *instance, l *life) error {
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.living, cancel)()
	return n.launch(waiting, l, r.hear(ctx))
}

// arrived takes a process that answers.
func (r *run) arrived(ctx context.Context, n *instance) {
	l := n.lives[len(n.lives)-1]
	n.process, n.up, n.starting, n.stopping = l.process, true, false, false
	number, process := l.number, l.process
	go func() {
		<-process.Ended()
		r.post(func() { r.gone(n, number) })
	}()
	r.reachChanged()
	if n.downs > 0 {
		// A step took it down while it was coming up.
		r.broke(r.endProcess(n, true))
		return
	}
	r.broke(n.setClock(ctx))
	r.armAll(ctx)
	if n.pauses > 0 {
		r.broke(n.suspend(ctx))
		r.book.add(r.clock.now(), history.Record{Kind: history.NodePaused, Node: n.index})
	}
}

// strikePause makes processes stand still.
func (r *run) strikePause(ctx context.Context, index int, v scenarios.Pause) (bool, error) {
	hit := r.resolve(ctx, v.Node)
	if len(hit) == 0 {
		return false, nil
	}
	at := r.clock.now()
	r.steps[index].hit = hit
	r.bind(v.As, hit, at)
	for _, node := range hit {
		r.fault(history.NodeFault, true, node, at)
		if err := r.pause(ctx, r.nodes[node]); err != nil {
			return true, err
		}
	}
	r.started(ctx, index, r.clock.now())
	r.healLater(index, v.For, func() {
		at := r.clock.now()
		r.finished(ctx, index, at)
		for _, node := range hit {
			r.fault(history.NodeFault, false, node, at)
			r.broke(r.resume(ctx, r.nodes[node]))
		}
	})
	return true, nil
}

// pause makes one process stand still, however many steps want it to.
func (r *run) pause(ctx context.Context, n *instance) error {
	n.pauses++
	if !n.up || n.pauses > 1 {
		return nil
	}
	if err := n.suspend(ctx); err != nil {
		return err
	}
	r.book.add(r.clock.now(), history.Record{Kind: history.NodePaused, Node: n.index})
	r.reachChanged()
	return nil
}

// resume lets it go on when nobody wants it to stand still any more.
func (r *run) resume(ctx context.Context, n *instance) error {
	n.pauses--
	if !n.up || n.pauses > 0 {
		return nil
	}
	r.book.add(r.clock.now(), history.Record{Kind: history.NodeResumed, Node: n.index})
	if err := n.wake(); err != nil {
		return err
	}
	r.reachChanged()
	if err := n.setClock(ctx); err != nil {
		return err
	}
	// What held it was to let it be struck; that is over.
	for what, number := range n.armed {
		if number != 0 && n.listens() {
			n.armed[what] = 0
			if err := n.letGo(ctx, event.Event(what)); err != nil {
				return err
			}
		}
	}
	r.armAll(ctx)
	return nil
}

// strikeRoll restarts one instance after the other.
func (r *run) strikeRoll(ctx context.Context, index int, v scenarios.Roll) error {
	r.steps[index].active = true
	r.started(ctx, index, r.clock.now())
	r.rollNext(ctx, index, 0, v)
	return nil
}

// rollNext restarts the next instance of a roll: it comes back after half of
// the gap, and the next one follows when the gap is over.
func (r *run) rollNext(ctx context.Context, index, node int, v scenarios.Roll) {
	if node >= len(r.nodes) || r.ended {
		r.finished(ctx, index, r.clock.now())
		return
	}
	n, gap := r.nodes[node], time.Duration(r.chance.span(v.Every, r.program.ttl))
	n.downs++
	if v.To == scenarios.NextRelease {
		n.settings["unsafe_protocol_version"] = int(r.program.config.Protocol) + 1
	}
	r.fault(history.NodeFault, true, n.index, r.clock.now())
	if err := r.endProcess(n, v.How == scenarios.ByKill); err != nil {
		r.broke(err)
		return
	}
	r.after(gap/2, func() {
		var back []*instance
		if n.downs--; n.downs == 0 && !n.starting {
			back = append(back, n)
		}
		r.startAll(ctx, back, func() { r.fault(history.NodeFault, false, n.index, r.clock.now()) })
	})
	r.after(gap, func() { r.rollNext(ctx, index, node+1, v) })
}
