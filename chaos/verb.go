package chaos

import (
	"context"
	"fmt"
	"slices"

	"fencepost/scenarios"
)

// strike carries a step out. It reports false if nobody holds the role. The
// error is the harness's: what was to be broken did not break.
func (r *run) strike(ctx context.Context, index int) (bool, error) {
	switch v := r.verb(index).(type) {
	case scenarios.Kill:
		return r.strikeDown(ctx, index, v.Node, v.As, v.Restart, true)
	case scenarios.Stop:
		return r.strikeDown(ctx, index, v.Node, v.As, v.Restart, false)
	case scenarios.Pause:
		return r.strikePause(ctx, index, v)
	case scenarios.Roll:
		return true, r.strikeRoll(ctx, index, v)
	case scenarios.Clock:
		return r.strikeClock(ctx, index, v)
	case scenarios.Net:
		return r.strikeNet(ctx, index, v)
	case scenarios.Redis:
		return r.strikeRedis(ctx, index, v)
	case scenarios.Postgres:
		return r.strikePostgres(ctx, index, v)
	case scenarios.Broker:
		return true, r.strikeBroker(ctx, index, v)
	case scenarios.Webhook:
		return r.strikeWebhook(ctx, index, v)
	case scenarios.Control:
		return r.told(index, func() { r.strikeControl(ctx, index, v) }), nil
	case scenarios.Operator:
		return r.told(index, func() { r.strikeOperator(ctx, index, v) }), nil
	default:
		return false, fmt.Errorf("%s: real processes know no such verb", v.Word())
	}
}

// told carries out what a person tells the ledger. A step of the file finds nobody
// to tell while the ledger is away, as one that names a role finds nobody who has
// it; afterwards words are heard as they were said. What a nemesis drew is said again
// until it arrives, for it may be what ends an earlier fault: a `run` that is lost
// leaves the cluster halted.
func (r *run) told(index int, act func()) bool {
	first := len(r.words) == 0 || r.words[0] == index
	switch {
	case index >= r.program.own:
	case !r.postgresRuns() || !first:
		if !slices.Contains(r.words, index) {
			r.words = append(r.words, index)
		}
		return false
	case len(r.words) > 0:
		r.words = r.words[1:]
	}
	act()
	return true
}

// sayWhatWaits says at the end what the ledger could not be told before, as soon as it
// can be.
func (r *run) sayWhatWaits(ctx context.Context) {
	for _, index := range r.words {
		r.steps[index].fired = true
		switch v := r.verb(index).(type) {
		case scenarios.Control:
			r.strikeControl(ctx, index, v)
		case scenarios.Operator:
			r.strikeOperator(ctx, index, v)
		default:
			r.broke(fmt.Errorf("%s: it is no person's word", r.stepName(index)))
		}
	}
	r.words = nil
}

// verb is what a step does. What a nemesis drew against the leader strikes the
// node that was elected last, and never the one that it protects, as in the
// simulator.
func (r *run) verb(index int) scenarios.Verb {
	verb := r.program.scenario.Steps[index].Verb
	if index < r.program.own {
		return verb
	}
	protects := r.program.scenario.Nemesis != nil &&
		r.program.scenario.Nemesis.Protect == scenarios.ProtectOneNode
	node := int(r.leader)
	if node < 0 || protects && node == 0 {
		node = r.chance.IntN(len(r.nodes))
		if protects && node == 0 && len(r.nodes) > 1 {
			node = 1 + r.chance.IntN(len(r.nodes)-1)
		}
	}
	return settled(verb, scenarios.Party{Kind: scenarios.NodeParty, Index: node + 1})
}

// settled returns the verb with a node in the leader's place.
func settled(verb scenarios.Verb, node scenarios.Party) scenarios.Verb {
	settle := func(p *scenarios.Party) {
		if p.Kind == scenarios.LeaderParty {
			*p = node
		}
	}
	switch v := verb.(type) {
	case scenarios.Kill:
		settle(&v.Node)
		return v
	case scenarios.Stop:
		settle(&v.Node)
		return v
	case scenarios.Pause:
		settle(&v.Node)
		return v
	case scenarios.Clock:
		settle(&v.Node)
		return v
	case scenarios.Net:
		settle(&v.Link.Near)
		return v
	default:
		return verb
	}
}
