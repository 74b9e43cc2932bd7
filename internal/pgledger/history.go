package pgledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
)

// Tenure is one row of the leadership history.
type Tenure struct {
	Epoch                     core.Epoch `json:"epoch"`
	InstanceID                string     `json:"instance_id"`
	Token                     string     `json:"token"`
	Kind                      string     `json:"kind"`
	Reason                    string     `json:"reason"`
	BecameLeaderAt            time.Time  `json:"became_leader_at"`
	ReleasedLeaderAt          *time.Time `json:"released_leader_at"`
	LeadershipDurationSeconds *float64   `json:"leadership_duration_seconds"`
	ReleaseReason             *string    `json:"release_reason"`
	Hostname                  string     `json:"hostname"`
	CreatedAt                 time.Time  `json:"created_at"`
	// FenceSeq and ReleaseFenceSeq say where the tenure begins and ends among
	// the permits.
	FenceSeq        int64  `json:"fence_seq"`
	ReleaseFenceSeq *int64 `json:"release_fence_seq"`
}

// historySQL reads the youngest tenures.
const historySQL = `
SELECT epoch, instance_id, token, kind, reason, became_leader_at, released_leader_at,
       leadership_duration_seconds, release_reason, hostname, created_at, fence_seq, release_fence_seq
FROM leadership_history WHERE group_name = @group::text ORDER BY epoch DESC LIMIT @limit::bigint`

// History lists the youngest tenures, at most limit, the youngest first.
func (l *Ledger) History(ctx context.Context, limit int) ([]Tenure, error) {
	a := args{"group": l.opt.Group, "limit": int64(limit)}
	return list(ctx, l, "history", historySQL, a, func(r pgx.CollectableRow) (Tenure, error) {
		var (
			t     Tenure
			epoch int64
		)
		err := r.Scan(&epoch, &t.InstanceID, &t.Token, &t.Kind, &t.Reason, &t.BecameLeaderAt,
			&t.ReleasedLeaderAt, &t.LeadershipDurationSeconds, &t.ReleaseReason, &t.Hostname, &t.CreatedAt,
			&t.FenceSeq, &t.ReleaseFenceSeq)
		t.Epoch = core.Epoch(epoch)
		return t, err
	})
}

// Refusal is one row about something that was refused to an epoch.
type Refusal struct {
	ID           int64         `json:"id"`
	Op           string        `json:"op"`
	Epoch        core.Epoch    `json:"epoch"`
	CurrentEpoch core.Epoch    `json:"current_epoch"`
	Token        string        `json:"token"`
	Signal       core.SignalID `json:"signal,omitempty"`
	Reason       string        `json:"reason"`
	RefusedAt    time.Time     `json:"refused_at"`
}

// refusalsSQL reads the youngest refusals.
const refusalsSQL = `
SELECT id, op, epoch, current_epoch, token, coalesce(signal, 0), reason, refused_at
FROM fence_refusals WHERE group_name = @group::text ORDER BY id DESC LIMIT @limit::bigint`

// Refusals lists the youngest refusals, at most limit, the youngest first.
func (l *Ledger) Refusals(ctx context.Context, limit int) ([]Refusal, error) {
	a := args{"group": l.opt.Group, "limit": int64(limit)}
	return list(ctx, l, "refusals", refusalsSQL, a, func(r pgx.CollectableRow) (Refusal, error) {
		var (
			f                      Refusal
			epoch, current, signal int64
		)
		err := r.Scan(&f.ID, &f.Op, &epoch, &current, &f.Token, &signal, &f.Reason, &f.RefusedAt)
		f.Epoch, f.CurrentEpoch, f.Signal = core.Epoch(epoch), core.Epoch(current), core.SignalID(signal)
		return f, err
	})
}

// ControlSetting is the control mode with who set it, and why.
type ControlSetting struct {
	Mode   core.Control
	Reason string
	By     string
	// At is when it was set by the database's clock; zero if it never was.
	At time.Time
}

// controlSQL reads the control mode.
const controlSQL = `
SELECT control_mode, control_reason, control_by, coalesce(control_at, 'epoch')
FROM authority WHERE group_name = @group::text`

// Control returns the group's control mode. A group of which the ledger knows
// nothing runs.
func (l *Ledger) Control(ctx context.Context) (ControlSetting, error) {
	found, err := list(ctx, l, "control", controlSQL, args{"group": l.opt.Group},
		func(r pgx.CollectableRow) (ControlSetting, error) {
			var (
				s    ControlSetting
				word string
			)
			if err := r.Scan(&word, &s.Reason, &s.By, &s.At); err != nil {
				return s, err
			}
			if s.At.Unix() == 0 {
				s.At = time.Time{}
			}
			var err error
			s.Mode, err = parseControl(word)
			return s, err
		})
	if err != nil {
		return ControlSetting{}, err
	}
	if len(found) == 0 {
		return ControlSetting{Mode: core.Run}, nil
	}
	return found[0], nil
}
