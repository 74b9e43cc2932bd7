package chaos

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/internal/broker/paper"
	"fencepost/internal/pgledger"
	"fencepost/scenarios"
)

// strikeBroker makes the broker misbehave.
func (r *run) strikeBroker(ctx context.Context, index int, v scenarios.Broker) error {
	at := r.clock.now()
	r.fault(history.BrokerFault, true, history.None, at)
	act := paper.Act(v.Act)
	behaviour := paper.Behaviour{Act: act, Delay: paper.Duration(r.chance.span(v.Delay, r.program.ttl))}
	if err := r.broker.server.Conduct.Begin(behaviour); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	name := "broker " + string(act)
	r.count(name, 1)
	if act == paper.Down {
		r.down[core.Broker]++
		r.reachChanged()
	}
	r.started(ctx, index, at)
	r.healLater(index, v.For, func() {
		if r.count(name, -1) == 0 { // the last of those that want it
			r.broker.server.Conduct.End(act)
		}
		if act == paper.Down {
			r.down[core.Broker]--
			r.reachChanged()
		}
		at := r.clock.now()
		r.fault(history.BrokerFault, false, history.None, at)
		r.finished(ctx, index, at)
	})
	return nil
}

// strikeWebhook delivers signals beside the workload.
func (r *run) strikeWebhook(ctx context.Context, index int, v scenarios.Webhook) (bool, error) {
	hit := r.resolve(ctx, v.To)
	if len(hit) == 0 {
		return false, nil
	}
	at := r.clock.now()
	r.started(ctx, index, at)
	count := int(r.chance.between(int64(v.Count.Min), int64(v.Count.Max)))
	switch v.Act {
	case scenarios.WebhookBurst:
		for k := range count {
			r.offer(ctx, r.newSignal(), r.nodes[hit[k%len(hit)]], 0)
		}
	case scenarios.WebhookDuplicate:
		s := r.newSignal()
		for k := range count {
			r.offer(ctx, s, r.nodes[hit[k%len(hit)]], 0)
		}
	case scenarios.WebhookReplay:
		for k := range min(count, len(r.signals)) {
			r.offer(ctx, r.signals[k], r.nodes[hit[k%len(hit)]], 0)
		}
	case scenarios.WebhookMalformed:
		for k := range count {
			r.offerMalformed(ctx, r.nodes[hit[k%len(hit)]])
		}
	default:
		return true, fmt.Errorf("webhook %s: real senders know no such act", v.Act)
	}
	r.finished(ctx, index, r.clock.now())
	return true, nil
}

// who is whose name stands beside what the harness does as an operator, and why
// the reason.
const (
	who = "drill"
	why = "a step of the scenario"
)

// mostSignals is how many signals a person looks at.
const mostSignals = 1000

// strikeControl changes the control mode in the ledger. It takes effect when it
// is committed.
func (r *run) strikeControl(ctx context.Context, index int, v scenarios.Control) {
	r.orders = append(r.orders, controlOrder{index, v.Set})
	if len(r.orders) == 1 {
		r.insist(ctx, r.carryOrders)
	}
}

// controlOrder is a control mode that a step wants, in the order of the steps.
type controlOrder struct {
	index int
	mode  core.Control
}

// carryOrders sets the modes that are wanted, one after the other.
func (r *run) carryOrders(ctx context.Context) error {
	for len(r.orders) > 0 {
		o := r.orders[0]
		if err := r.ledger.SetControl(ctx, o.mode, why, who); err != nil {
			return err
		}
		r.orders = r.orders[1:]
		r.controlIs(o.mode)
		at := r.clock.now()
		r.book.add(at, history.Record{
			Kind: history.Announced, Event: event.ControlChanged, Node: history.None, Subject: history.None,
			Control: o.mode,
		})
		r.trigger(ctx, event.ControlChanged, history.None)
		r.started(ctx, o.index, at)
		r.finished(ctx, o.index, at)
	}
	return nil
}

// insistFor is for how long a person says again, in ttl, what the ledger does not take
// although no fault is in its way.
const insistFor = 10

// insist lets a person do something with the ledger, and again where it does not
// answer: a person who finds it away comes back. It runs on the conductor.
func (r *run) insist(ctx context.Context, act func(context.Context) error) {
	until := int64(0)
	var try func()
	try = func() {
		if r.postgresRuns() { // with a hung postmaster sessions live on, the person's too
			err := act(ctx)
			if err == nil {
				return
			}
			if until == 0 || r.down[core.Postgres] > 0 {
				until = r.clock.now() + insistFor*r.program.ttl
			}
			if r.clock.now() > until || ctx.Err() != nil {
				r.broke(fmt.Errorf("a person's word does not reach the ledger: %w", err))
				return
			}
		}
		r.after(time.Duration(r.program.ttl/4), try)
	}
	try()
}

// controlIs notes the ledger's control mode: whether execution is stopped.
func (r *run) controlIs(mode core.Control) {
	if stops := mode != core.Run; stops != (r.control != core.Run) {
		r.fault(history.ControlFault, stops, history.None, r.clock.now())
	}
	r.control = mode
}

// strikeOperator lets a person act: at once, or after the time that the person
// takes for each decision.
func (r *run) strikeOperator(ctx context.Context, index int, v scenarios.Operator) {
	r.steps[index].active = true
	r.started(ctx, index, r.clock.now())
	var next func(after core.SignalID)
	next = func(after core.SignalID) {
		r.insist(ctx, func(ctx context.Context) error {
			more, last, err := r.decide(ctx, v, after)
			switch {
			case err != nil:
				return err
			case !more:
				r.finished(ctx, index, r.clock.now())
			case last == after:
				r.after(max(r.patience(v), lookAgain), func() { next(last) })
			default:
				r.after(r.patience(v), func() { next(last) })
			}
			return nil
		})
	}
	r.after(r.patience(v), func() { next(0) })
}

// lookAgain is how long a person waits who sees the broker at work on an order. At any
// traffic there is often one; who passed the signal over for that would leave it.
const lookAgain = 10 * time.Millisecond

// patience is how long the person takes for one decision.
func (r *run) patience(v scenarios.Operator) time.Duration {
	return time.Duration(r.chance.span(v.Delay, r.program.ttl))
}

// outcomes are what a person decides about signals that nobody has sent.
var outcomes = map[scenarios.OperatorAct]core.SignalState{
	scenarios.OperatorHold: core.Held, scenarios.OperatorRelease: core.Received,
	scenarios.OperatorCancel: core.Cancelled, scenarios.OperatorReject: core.Rejected,
}

// decide lets the person decide about the next signal after that one, or about
// everything at once. It reports whether there may be more, and which was the last
// that was decided about.
func (r *run) decide(
	ctx context.Context, v scenarios.Operator, after core.SignalID,
) (more bool, last core.SignalID, err error) {
	if v.Act == scenarios.OperatorClear {
		return false, 0, r.acceptAuthority(ctx)
	}
	outcome, unsent := outcomes[v.Act]
	states := []core.SignalState{core.InDoubt}
	if unsent {
		states = []core.SignalState{core.Received, core.Held}
	}
	list, err := r.ledger.Signals(ctx, pgledger.SignalFilter{States: states, Limit: mostSignals})
	if err != nil {
		return false, 0, err
	}
	if len(list) == mostSignals {
		return false, 0, fmt.Errorf("%d signals wait for a person, or more", mostSignals)
	}
	for i := range slices.Backward(list) { // the oldest first
		s := &list[i]
		switch {
		case unsent && s.State != outcome.String():
			if err := r.resolveDoubt(ctx, s, outcome); err != nil {
				return false, 0, err
			}
		case !unsent && s.ID > after && v.Verdict != scenarios.VerdictWrong && r.broker.underWay():
			return true, after, nil
		case !unsent && s.ID > after:
			return true, s.ID, r.attest(ctx, s, v.Verdict == scenarios.VerdictWrong)
		default:
		}
	}
	return false, 0, nil
}

// attest lets the person say of a signal in doubt what the broker's book says,
// or the opposite. Whoever is right waits until nothing can arrive any more.
func (r *run) attest(ctx context.Context, s *pgledger.Signal, wrong bool) error {
	if !wrong && r.underWay() {
		return nil
	}
	outcome := scenarios.Attested(r.broker.standing(s.Key), r.program.config.Broker.Lookup, wrong)
	if word := (attested{s.ID, wrong}); !r.attested[word] { // and not again when it is said again
		r.attested[word] = true
		r.book.add(r.clock.now(), history.Record{
			Kind: history.Attested, Signal: s.ID, Wrong: wrong, Node: history.None,
		})
	}
	return r.resolveDoubt(ctx, s, outcome)
}

// attested is a person's word on a signal, right or wrong.
type attested struct {
	signal core.SignalID
	wrong  bool
}

// underWay reports whether an order that was sent, or is about to be, may still
// come into being: the broker works on one, a link to it may hold one, or a
// process that stands still may let one go when it wakes.
func (r *run) underWay() bool {
	for _, n := range r.nodes {
		if n.up && n.pauses > 0 || r.links[n.index][core.Broker].faults > 0 {
			return true
		}
	}
	return r.broker.underWay()
}

// resolveDoubt writes the person's word into the ledger. A row that has moved
// meanwhile needs it no more.
func (r *run) resolveDoubt(ctx context.Context, s *pgledger.Signal, outcome core.SignalState) error {
	err := r.ledger.Decide(ctx, pgledger.Decision{
		Signal: s.ID, Outcome: outcome, By: who, Reason: why,
	})
	if errors.Is(err, pgledger.ErrNoArrow) {
		return nil
	}
	return err
}
