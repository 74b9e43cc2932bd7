package conformance_test

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/identity"
)

// The rows of the real ledger, with instants in nanoseconds.
const (
	authorityRowSQL = `
SELECT a.epoch, a.token, a.kind, a.open, a.control_mode, a.taken_at, m.last_heartbeat, a.pg_lease_until,
       coalesce((SELECT f.nonce FROM instance_metadata f WHERE f.is_leader), '')
FROM authority a LEFT JOIN instance_metadata m ON m.instance_id = a.holder AND m.nonce = a.nonce`
	tenureRowsSQL = `
SELECT epoch, token, kind, released_leader_at IS NULL, coalesce(release_reason, 'none'), became_leader_at,
       released_leader_at, fence_seq,
       coalesce(leadership_duration_seconds = extract(epoch FROM released_leader_at - became_leader_at)
           AND release_fence_seq >= fence_seq, released_leader_at IS NULL)
FROM leadership_history ORDER BY epoch`
	signalRowsSQL = `
SELECT id, state, version, attempt, alerted_at IS NOT NULL, received_at, valid_until FROM signals ORDER BY id`
	attemptRowsSQL = `
SELECT signal, attempt, epoch, token, state, coalesce(outcome, 'none'), coalesce(late_outcome, 'none'),
       send_by, fence_seq
FROM attempts ORDER BY signal, attempt`
	refusalRowsSQL = `
SELECT op, epoch, current_epoch, token, coalesce(signal, $1::bigint), reason FROM fence_refusals ORDER BY id`
)

func (r *realLedger) read() (rows, error) {
	var found rows
	order := sequence{}
	err := each(r, authorityRowSQL, func(row pgx.CollectableRow) error {
		a, err := scanAuthority(row)
		found.Authority = a
		return err
	})
	if err != nil {
		return rows{}, err
	}
	if !found.Authority.Known {
		found.Authority.Control = core.Run
	}
	err = each(r, tenureRowsSQL, func(row pgx.CollectableRow) error {
		t, seq, err := scanTenure(row)
		found.Tenures = append(found.Tenures, t)
		order.add(seq)
		return err
	})
	if err != nil {
		return rows{}, err
	}
	err = each(r, signalRowsSQL, func(row pgx.CollectableRow) error {
		s, err := scanSignal(row)
		s.ID -= r.before
		found.Signals = append(found.Signals, s)
		return err
	})
	if err != nil {
		return rows{}, err
	}
	err = each(r, attemptRowsSQL, func(row pgx.CollectableRow) error {
		a, seq, err := scanAttempt(row)
		a.Signal -= r.before
		found.Attempts = append(found.Attempts, a)
		order.add(seq)
		return err
	})
	if err != nil {
		return rows{}, err
	}
	err = each(r, refusalRowsSQL, func(row pgx.CollectableRow) error {
		f, err := scanRefusal(row)
		f.Signal -= r.before
		found.Refusals = append(found.Refusals, f)
		return err
	}, int64(r.before))
	order.number(&found)
	return found, err
}

// each hands every row of a query to scan.
func each(r *realLedger, sql string, scan func(pgx.CollectableRow) error, arguments ...any) error {
	found, err := r.bed.admin.Query(r.ctx, sql, arguments...)
	if err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	defer found.Close()
	for found.Next() {
		if err := scan(found); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return found.Err()
}

func scanAuthority(row pgx.CollectableRow) (authorityRow, error) {
	a := authorityRow{Known: true}
	var (
		epoch                         int64
		token, kind, control, flagged string
		taken, beat, lease            *time.Time
	)
	err := row.Scan(&epoch, &token, &kind, &a.Open, &control, &taken, &beat, &lease, &flagged)
	if err != nil {
		return a, err
	}
	a.Epoch, a.Token, a.Kind = core.Epoch(epoch), identity.Read(token), kindOf(kind)
	a.TakenAt, a.BeatAt, a.LeaseUntil = instant(taken), instant(beat), instant(lease)
	a.Control, _ = core.ParseControl(control)
	for _, p := range processes {
		if identity.NonceText(p.nonce) == flagged {
			a.Flagged = p.nonce
		}
	}
	return a, nil
}

func scanTenure(row pgx.CollectableRow) (tenureRow, uint64, error) {
	var (
		t                   tenureRow
		epoch, seq          int64
		token, kind, reason string
		opened, closed      *time.Time
		sound               bool
	)
	err := row.Scan(&epoch, &token, &kind, &t.Open, &reason, &opened, &closed, &seq, &sound)
	if err != nil {
		return t, 0, err
	}
	if !sound {
		return t, 0, fmt.Errorf("tenure %d: its duration or the end of its sequence is wrong", epoch)
	}
	t.Epoch, t.Token, t.Kind = core.Epoch(epoch), identity.Read(token), kindOf(kind)
	t.OpenedAt, t.ClosedAt = instant(opened), instant(closed)
	if t.Reason, _ = core.ParseReason(reason); t.Reason == core.NoReason && reason != "none" {
		return t, 0, fmt.Errorf("tenure %d ended for %q", epoch, reason)
	}
	return t, uint64(seq), nil
}

func scanSignal(row pgx.CollectableRow) (signalRow, error) {
	var (
		s                signalRow
		state            string
		version, attempt int64
		received, valid  *time.Time
	)
	err := row.Scan(&s.ID, &state, &version, &attempt, &s.Alerted, &received, &valid)
	s.State, _ = core.ParseSignalState(state)
	s.Version, s.Attempt = uint32(version), uint32(attempt)
	s.ReceivedAt, s.ValidUntil = instant(received), instant(valid)
	return s, err
}

func scanAttempt(row pgx.CollectableRow) (attemptRow, uint64, error) {
	var (
		a                           attemptRow
		number, epoch, seq          int64
		token, state, outcome, late string
		until                       *time.Time
	)
	err := row.Scan(&a.Signal, &number, &epoch, &token, &state, &outcome, &late, &until, &seq)
	a.Number, a.Epoch, a.Token = uint32(number), core.Epoch(epoch), identity.Read(token)
	a.SendBy = instant(until)
	a.State, _ = core.ParseSignalState(state)
	a.Outcome, _ = core.ParseSignalState(outcome)
	a.Late, _ = core.ParseSignalState(late)
	return a, uint64(seq), err
}

func scanRefusal(row pgx.CollectableRow) (refusalRow, error) {
	var (
		f                 refusalRow
		op, token, reason string
		epoch, current    int64
	)
	err := row.Scan(&op, &epoch, &current, &token, &f.Signal, &reason)
	f.Op, _ = core.ParseOp(op)
	f.Epoch, f.Current, f.Token = core.Epoch(epoch), core.Epoch(current), identity.Read(token)
	f.Reason, _ = core.ParseReason(reason)
	return f, err
}

// kindOf reads the kind of a tenure; one that was declared lost counts as an
// ordinary one, and is known by its lack of a holder.
func kindOf(word string) core.TenureKind {
	if word == core.TenurePG.String() {
		return core.TenurePG
	}
	return core.TenureRedis
}

// instant is a time of the ledger, zero if there is none.
func instant(t *time.Time) core.Time {
	if t == nil {
		return 0
	}
	return core.Time(t.UnixNano())
}
