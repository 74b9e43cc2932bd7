package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Row is one change of one row of the ledger. Exactly one of the pointers is set: to the row as it was after
// the change, or as it was before if it was deleted.
type Row struct {
	// Seq is the change's place among all; numbers may be missing. After a rewind they are given again.
	Seq int64
	// Began, At and Ended are instants of the database's wall clock in nanoseconds, exact to a
	// microsecond: when the transaction began, when the row was written (for signals and tenures: told
	// of at the end), and the last that is known of the transaction before it was committed. All that it
	// did became true together.
	Began, At, Ended int64
	// Tx tells which changes were committed together.
	Tx uint64
	// Op is INSERT, UPDATE or DELETE.
	Op string

	Authority  *AuthorityRow
	Tenure     *TenureRow
	Signal     *SignalRow
	Attempt    *AttemptRow
	Refusal    *RefusalRow
	Control    *ControlRow
	Acceptance *AcceptanceRow
	Instance   *InstanceRow
}

// AuthorityRow is a row of authority.
type AuthorityRow struct {
	Epoch        int64      `json:"epoch"`
	Token        string     `json:"token"`
	Kind         string     `json:"kind"`
	Open         bool       `json:"open"`
	TakenAt      *time.Time `json:"taken_at"`
	PGLeaseUntil *time.Time `json:"pg_lease_until"`
	FenceSeq     int64      `json:"fence_seq"`
	ControlMode  string     `json:"control_mode"`
	Accepted     int64      `json:"accepted"`
}

// TenureRow is a row of leadership_history.
type TenureRow struct {
	Epoch           int64      `json:"epoch"`
	Instance        string     `json:"instance_id"`
	Token           string     `json:"token"`
	Kind            string     `json:"kind"`
	Reason          string     `json:"reason"`
	BeganAt         time.Time  `json:"became_leader_at"`
	EndedAt         *time.Time `json:"released_leader_at"`
	EndReason       *string    `json:"release_reason"`
	FenceSeq        int64      `json:"fence_seq"`
	ReleaseFenceSeq *int64     `json:"release_fence_seq"`
}

// SignalRow is a row of signals.
type SignalRow struct {
	ID         int64      `json:"id"`
	Key        string     `json:"key"`
	Type       string     `json:"type"`
	Instrument string     `json:"instrument"`
	ReceivedAt time.Time  `json:"received_at"`
	ValidUntil *time.Time `json:"valid_until"`
	State      string     `json:"state"`
	Version    int64      `json:"version"`
	Attempt    int64      `json:"attempt"`
	AlertedAt  *time.Time `json:"alerted_at"`
	DecidedBy  string     `json:"decided_by"`
}

// AttemptRow is a row of attempts.
type AttemptRow struct {
	Signal        int64     `json:"signal"`
	Number        int64     `json:"attempt"`
	ClientOrderID string    `json:"client_order_id"`
	Epoch         int64     `json:"epoch"`
	Token         string    `json:"token"`
	State         string    `json:"state"`
	SendBy        time.Time `json:"send_by"`
	FenceSeq      int64     `json:"fence_seq"`
	Resends       int64     `json:"resends"`
	Outcome       *string   `json:"outcome"`
	LateOutcome   *string   `json:"late_outcome"`
}

// RefusalRow is a row of fence_refusals.
type RefusalRow struct {
	Op           string `json:"op"`
	Epoch        int64  `json:"epoch"`
	CurrentEpoch int64  `json:"current_epoch"`
	Token        string `json:"token"`
	Signal       *int64 `json:"signal"`
	Reason       string `json:"reason"`
}

// ControlRow is a row of control_history.
type ControlRow struct {
	Mode     string `json:"mode"`
	Reason   string `json:"reason"`
	SetBy    string `json:"set_by"`
	FenceSeq int64  `json:"fence_seq"`
}

// AcceptanceRow is a row of authority_acceptances.
type AcceptanceRow struct {
	Accepted   int64  `json:"accepted"`
	AcceptedBy string `json:"accepted_by"`
	EpochFound int64  `json:"epoch_found"`
	EpochLeft  int64  `json:"epoch_left"`
}

// InstanceRow is a row of instance_metadata.
type InstanceRow struct {
	Instance      string    `json:"instance_id"`
	Nonce         string    `json:"nonce"`
	Status        string    `json:"status"`
	IsLeader      bool      `json:"is_leader"`
	LastHeartbeat time.Time `json:"last_heartbeat"`
}

// decode reads the row, and the group that it belongs to.
func (r *rawRow) decode() (row Row, group string, err error) {
	const micro = int64(time.Microsecond)
	row = Row{
		Seq: r.Seq, Began: r.Began * micro, At: r.At * micro, Ended: r.Ended * micro, Tx: r.Tx, Op: r.Op,
	}
	var into any
	switch r.Source {
	case "authority":
		row.Authority = &AuthorityRow{}
		into = row.Authority
	case "leadership_history":
		row.Tenure = &TenureRow{}
		into = row.Tenure
	case "signals":
		row.Signal = &SignalRow{}
		into = row.Signal
	case "attempts":
		row.Attempt = &AttemptRow{}
		into = row.Attempt
	case "fence_refusals":
		row.Refusal = &RefusalRow{}
		into = row.Refusal
	case "control_history":
		row.Control = &ControlRow{}
		into = row.Control
	case "authority_acceptances":
		row.Acceptance = &AcceptanceRow{}
		into = row.Acceptance
	case "instance_metadata":
		row.Instance = &InstanceRow{}
		into = row.Instance
	default:
		return Row{}, "", fmt.Errorf("row %d is of table %q", r.Seq, r.Source)
	}
	var whose struct {
		Group string `json:"group_name"`
	}
	if err = json.Unmarshal(r.Entry, &whose); err == nil {
		err = json.Unmarshal(r.Entry, into)
	}
	if err != nil {
		return Row{}, "", fmt.Errorf("row %d of %s: %w", r.Seq, r.Source, err)
	}
	return row, whose.Group, nil
}
