package fencepost

import (
	"context"
	"fmt"

	"fencepost/core"
	"fencepost/internal/httpapi"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

// What operators read and say.
type (
	// Story is what became of one signal, in plain words.
	Story = story.Story
	// Attestation is what a person says became of an order that is in doubt.
	Attestation = story.Attestation
	// InDoubt is a signal in doubt: what is known of it, and what to look for at the
	// broker.
	InDoubt = httpapi.InDoubt
	// Control is the control mode, who set it why, and what is open under it.
	Control = httpapi.Control
	// ControlChange is a person's wish for a control mode.
	ControlChange = pgledger.ControlChange
	// ControlChanged is what came of it.
	ControlChanged = pgledger.ControlChanged
	// Resolution is a person's word on a signal in doubt.
	Resolution = httpapi.Resolution
	// Cancellation is a person's wish that a signal is never sent.
	Cancellation = httpapi.Cancellation
)

// ResumePhrase is what a person types to let the orders of a group be sent again.
func ResumePhrase(group string) string { return story.ResumePhrase(group) }

// ErrMoved says that what a person looked at has changed since.
var ErrMoved = pgledger.ErrMoved

// SignalStory tells what became of one signal, or ErrNoSignal.
func (r *Reader) SignalStory(ctx context.Context, id core.SignalID) (Story, error) {
	detail, err := r.ledger.Signal(ctx, id)
	if err != nil {
		return Story{}, err
	}
	decisions, err := r.ledger.Decisions(ctx, id)
	if err != nil {
		return Story{}, fmt.Errorf("story of signal %d: %w", id, err)
	}
	authority, err := r.ledger.Authority(ctx)
	if err != nil {
		return Story{}, fmt.Errorf("story of signal %d: %w", id, err)
	}
	incumbent, err := r.CurrentLeader(ctx)
	if err != nil {
		return Story{}, fmt.Errorf("story of signal %d: %w", id, err)
	}
	ahead, err := r.ledger.Ahead(ctx, id)
	if err != nil {
		return Story{}, fmt.Errorf("story of signal %d: %w", id, err)
	}
	leader := ""
	if incumbent != nil {
		leader = incumbent.InstanceID
	}
	// The clock is read last: nothing that was read lies in its future.
	now, err := r.ledger.Now(ctx)
	if err != nil {
		return Story{}, fmt.Errorf("story of signal %d: %w", id, err)
	}
	return story.Tell(story.Scene{
		Signal: detail, Decisions: decisions, Now: now, Control: authority.Control, Leader: leader,
		Class: r.protocol.Broker.Class(), InTurn: r.ledger.OneOpen(), Ahead: ahead,
	}), nil
}

// InDoubt lists the signals in doubt, the oldest first, at most limit.
func (r *Reader) InDoubt(ctx context.Context, limit int) ([]InDoubt, error) {
	found, err := r.ledger.Doubts(ctx, limit)
	if err != nil {
		return nil, err
	}
	list := make([]InDoubt, 0, len(found))
	for i := range found {
		d := &found[i]
		list = append(list, InDoubt{
			Doubt: *d, Known: story.Known(&d.Signal, d.Attempts),
			LookFor: story.LookFor(&d.Signal, d.Attempts),
		})
	}
	return list, nil
}

// Control returns the control mode, who set it why, and what is open under it.
func (r *Reader) Control(ctx context.Context) (Control, error) {
	a, err := r.ledger.Authority(ctx)
	if err != nil {
		return Control{}, err
	}
	open, err := r.ledger.Open(ctx)
	if err != nil {
		return Control{}, err
	}
	return Control{
		Control: a.Control, Reason: a.ControlReason, By: a.ControlBy, At: a.ControlAt, Seq: a.ControlSeq,
		Open: open,
	}, nil
}

// ChangeControl sets the group's control mode. The error is ErrMoved where
// somebody else has set it since it was seen.
func (r *Reader) ChangeControl(ctx context.Context, c ControlChange) (ControlChanged, error) {
	return r.ledger.ChangeControl(ctx, c)
}

// Resolve writes a person's word on a signal in doubt into the ledger and
// returns the signal as it is then. The error is ErrMoved where the row has
// moved since the version that the person saw (or, without one, since it was
// read here), ErrNoArrow where the signal is in no doubt, ErrNoSignal where there
// is none.
func (r *Reader) Resolve(ctx context.Context, w Resolution) (SignalDetail, error) {
	before, err := r.ledger.Signal(ctx, w.Signal)
	if err != nil {
		return SignalDetail{}, err
	}
	if w.Version == 0 {
		w.Version = before.Version
	}
	if before.Version == w.Version && before.State != core.InDoubt.String() {
		return SignalDetail{}, fmt.Errorf("signal %d is %s, not in doubt: %w", w.Signal, before.State,
			ErrNoArrow)
	}
	return r.decided(ctx, Decision{
		Signal: w.Signal, Outcome: w.As.Outcome(), By: w.By, Reason: w.Evidence, Version: w.Version,
	})
}

// decided carries a decision out and returns the signal as it is then.
func (r *Reader) decided(ctx context.Context, d Decision) (SignalDetail, error) {
	if err := r.ledger.Decide(ctx, d); err != nil {
		return SignalDetail{}, err
	}
	after, err := r.ledger.Signal(ctx, d.Signal)
	if err != nil {
		return SignalDetail{}, fmt.Errorf("it was written, but not read back: %w", err)
	}
	return after, nil
}

// Cancel takes a signal out of the way that nobody has sent. The error is
// ErrNoArrow where something may have been sent for it, ErrMoved where the row
// has moved since the version that the person saw, ErrNoSignal where there is
// none.
func (r *Reader) Cancel(ctx context.Context, c Cancellation) (SignalDetail, error) {
	before, err := r.ledger.Signal(ctx, c.Signal)
	if err != nil {
		return SignalDetail{}, err
	}
	switch before.State {
	case core.Received.String(), core.Held.String():
	default:
		return SignalDetail{}, fmt.Errorf("signal %d is %s, and only one that nobody has sent can be "+
			"cancelled: %w",
			c.Signal, before.State, ErrNoArrow)
	}
	if c.Version == 0 {
		// What was just read as not sent must not be sent in between.
		c.Version = before.Version
	}
	return r.decided(ctx, Decision{
		Signal: c.Signal, Outcome: core.Cancelled, By: c.By, Reason: c.Reason, Version: c.Version,
	})
}
