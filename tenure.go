package fencepost

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// What Tenure.Tx returns when nothing was written, or when nobody knows.
var (
	// ErrFenced says that PostgreSQL refused a transaction, because a younger epoch
	// began or the tenure was closed. Of it nothing was written but a row in
	// fence_refusals. The error is a *FencedError.
	ErrFenced = pgledger.ErrFenced
	// ErrStopped says that an operator has paused or halted the group.
	ErrStopped = pgledger.ErrStopped
	// ErrOutcomeUnknown says that a commit was not answered: it may have been carried
	// out or not. Read back what it would have written before writing it again.
	ErrOutcomeUnknown = pgledger.ErrOutcomeUnknown
	// ErrResigned is the cause of a context that ended because this instance hands
	// over, on demand or because it stops.
	ErrResigned = errors.New("this instance hands leadership over")
)

// FencedError is a refused transaction: under which epoch it came, and which epoch
// the ledger has.
type FencedError = pgledger.FencedError

// Tenure is one leadership of this instance, under one epoch. Its methods may be
// called by several goroutines at once, also after it has ended.
type Tenure struct {
	epoch core.Epoch
	token core.Token
	// look returns the node's status at this instant, without waiting for anything.
	look   func() core.Status
	ledger *pgledger.Ledger

	ctx context.Context
	end context.CancelCauseFunc
}

// newTenure begins the handle of a leadership that the node believes in. Its
// context is below parent.
func newTenure(parent context.Context, s *core.Status, look func() core.Status, l *pgledger.Ledger) *Tenure {
	t := &Tenure{epoch: s.Epoch, token: s.Token, look: look, ledger: l}
	t.ctx, t.end = context.WithCancelCause(parent)
	return t
}

// Epoch is the tenure's number. Each tenure of a group has a higher one than all
// before it, so that other systems can refuse the older of two.
func (t *Tenure) Epoch() uint64 { return uint64(t.epoch) }

// Left is for how long this instance may still believe in the tenure unless its
// lease and its heartbeat are confirmed again; zero once it has ended. It looks at
// the local clock and asks nobody.
func (t *Tenure) Left() time.Duration {
	if t.ctx.Err() != nil {
		return 0
	}
	s := t.look()
	if !s.Believes || s.Epoch != t.epoch {
		return 0
	}
	return s.TrustLeft
}

// Valid reports whether the tenure lasts, by the trust deadline on the local
// clock. It asks nobody, and nothing but Tx is safe on its word: the process may
// stand still right after it.
func (t *Tenure) Valid() bool { return t.Left() > 0 }

// Tx lets do write to the ledger's database in a transaction that a younger epoch
// keeps out, and commits it. It holds the group's lock from its first statement, so
// that no takeover begins before its end, and then looks whether this tenure is
// still the current one, open and not stopped by an operator. The time limits of
// the ledger hold for each statement and for the whole, which is a matter of
// moments: do must not wait for anything but its own statements.
//
// If do returns an error, that is returned and nothing was written. ErrNotLeader
// says that the tenure had ended by the local clock and PostgreSQL was not asked;
// ErrFenced, ErrStopped and ErrOutcomeUnknown say what they say. After ErrFenced
// the tenure's context has ended.
func (t *Tenure) Tx(ctx context.Context, do func(pgx.Tx) error) error {
	left := t.Left()
	if left <= 0 {
		return fmt.Errorf("transaction under epoch %d: %w", t.epoch, ErrNotLeader)
	}
	// Belief may be extended meanwhile; a transaction that relies on that has not
	// begun with it.
	ctx, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	err := t.ledger.Tx(ctx, pgledger.Claim{Epoch: t.epoch, Token: t.token}, do)
	if errors.Is(err, ErrFenced) {
		t.end(err)
	}
	return err
}

// tenureContext is the context of a leadership. It has ended as soon as the
// tenure is not valid, also if the goroutine that watches the clock has not run
// since.
type tenureContext struct {
	context.Context
	tenure *Tenure
}

// Err looks at the clock before it says that the context has not ended.
func (c tenureContext) Err() error {
	if c.Context.Err() == nil && !c.tenure.Valid() {
		c.tenure.end(ErrNotLeader)
	}
	return c.Context.Err()
}
