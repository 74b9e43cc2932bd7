package fencepost

import (
	"context"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/internal/httpapi"
	"fencepost/internal/pgledger"
)

// ErrAcceptance says that an acceptance lacks a name or a reason.
var ErrAcceptance = httpapi.ErrAcceptance

// witnessTime bounds the question for the witness, so that a Redis that is
// silent leaves time to ask PostgreSQL.
const witnessTime = time.Second

// witness asks Redis for the highest epoch that any leader has reported.
func (r *Reader) witness(ctx context.Context) (core.Epoch, error) {
	if r.lease == nil {
		return 0, errNoRedis
	}
	ctx, cancel := context.WithTimeout(ctx, witnessTime)
	defer cancel()
	return r.lease.Witness(ctx)
}

// Authority asks both stores which epoch is the highest, and which database
// this is. A ledger that is behind the witness went back in time; it is
// asked after the witness was read, for in between an epoch may be taken.
func (r *Reader) Authority(ctx context.Context) Authority {
	var found Authority
	witness, err := r.witness(ctx)
	if err != nil {
		found.Errors = append(found.Errors, "redis: "+err.Error())
	} else {
		number := uint64(witness)
		found.Witness = &number
	}
	ledger, err := r.ledger.Authority(ctx)
	if err != nil {
		found.Errors = append(found.Errors, "postgres: "+err.Error())
		return found
	}
	found.Ledger = &ledger
	found.Regressed = !ledger.Standby && found.Witness != nil && ledger.Epoch < witness
	return found
}

// AcceptAuthority lets the group go on with a database that went back in time:
// the epochs that it has forgotten are entered as lost, and every instance that
// is barred takes part again once it has read of the acceptance. How far to go is
// told by the witness in Redis, by a.Epoch, or by both.
func (r *Reader) AcceptAuthority(ctx context.Context, a Acceptance) (Accepted, error) {
	if a.By == "" || a.Reason == "" {
		return Accepted{}, ErrAcceptance
	}
	witness, err := r.witness(ctx)
	if err != nil && a.Epoch == 0 {
		return Accepted{}, fmt.Errorf(
			"accept authority: the highest epoch is not known; say it (epoch) if you know it: %w", err)
	}
	return r.ledger.AcceptAuthority(ctx, pgledger.Acceptance{
		Witness: max(witness, core.Epoch(a.Epoch)), By: a.By, Reason: a.Reason,
	})
}

// SetControl sets the group's control mode: in pause and halt nothing is
// permitted to be sent. It needs a reason and a name.
func (r *Reader) SetControl(ctx context.Context, mode core.Control, reason, by string) error {
	return r.ledger.SetControl(ctx, mode, reason, by)
}

// Decide carries out a person's decision about a signal, which must be signed.
// The error is ErrNoSignal, or ErrNoArrow where the signal is in no state that
// allows it.
func (r *Reader) Decide(ctx context.Context, d Decision) error { return r.ledger.Decide(ctx, d) }
