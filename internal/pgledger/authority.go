package pgledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// Authority is who may act by the ledger, and which server says so: what a
// person looks at before accepting it.
type Authority struct {
	Group string `json:"group"`
	Lineage
	// Standby says that the server only follows another.
	Standby bool `json:"standby"`
	// Open tells whether the current tenure is, Tenure is its kind: redis, pg, or
	// lost for an epoch that a person entered; empty if nobody ever led.
	Open   bool   `json:"open"`
	Tenure string `json:"tenure"`
	// Holder is the instance that took the epoch.
	Holder  string     `json:"holder"`
	TakenAt *time.Time `json:"taken_at"`
	// Control is the mode that people set: run, pause or halt; the rest says why,
	// and is empty if nobody ever set it.
	Control       string     `json:"control"`
	ControlReason string     `json:"control_reason"`
	ControlBy     string     `json:"control_by"`
	ControlAt     *time.Time `json:"control_at"`
	// ControlSeq is where the last change of the mode stands among the permits,
	// zero if there was none: who changes it again says what they saw.
	ControlSeq int64 `json:"control_seq"`
	// LastAcceptance is the youngest one, nil if there was none.
	LastAcceptance *AcceptedBy `json:"last_acceptance"`
}

// AcceptedBy tells of one acceptance.
type AcceptedBy struct {
	By         string    `json:"by"`
	Reason     string    `json:"reason"`
	At         time.Time `json:"at"`
	EpochFound uint64    `json:"epoch_found"`
	EpochLeft  uint64    `json:"epoch_left"`
}

// authoritySQL reads the authority for people.
const authoritySQL = `
SELECT coalesce(a.epoch, 0), coalesce(a.accepted, 0), coalesce(a.open, false),
       CASE WHEN a.epoch > 0 THEN a.kind ELSE '' END, coalesce(a.holder, ''), a.taken_at,
       coalesce(a.control_mode, 'run'), coalesce(a.control_reason, ''), coalesce(a.control_by, ''),
       a.control_at, ` + controlSeqSQL + `,
       l.accepted_by, l.reason, l.accepted_at, l.epoch_found, l.epoch_left,` + lineageColumns + `
FROM (SELECT) one
LEFT JOIN authority a ON a.group_name = @group::text
LEFT JOIN authority_acceptances l ON l.group_name = a.group_name AND l.accepted = a.accepted`

// Authority reads the authority for people. A standby answers as well, and says
// that it is one.
func (l *Ledger) Authority(ctx context.Context) (Authority, error) {
	a := args{"group": l.opt.Group}
	rows, err := list(ctx, l, "authority", authoritySQL, a, func(r pgx.CollectableRow) (Authority, error) {
		found := Authority{Group: l.opt.Group}
		var (
			by, reason                        *string
			at                                *time.Time
			before, after                     *int64
			epoch, accepted, system, timeline int64
		)
		err := r.Scan(&epoch, &accepted, &found.Open, &found.Tenure, &found.Holder, &found.TakenAt,
			&found.Control, &found.ControlReason, &found.ControlBy, &found.ControlAt, &found.ControlSeq,
			&by, &reason, &at, &before, &after, &system, &timeline)
		if err != nil {
			return found, err
		}
		found.Lineage = lineageOf(epoch, accepted, system, timeline)
		found.Standby = timeline == onStandby
		if by != nil {
			found.LastAcceptance = &AcceptedBy{
				By: *by, Reason: *reason, At: *at, EpochFound: uint64(*before), EpochLeft: uint64(*after),
			}
		}
		return found, nil
	})
	if err != nil {
		return Authority{}, err
	}
	return rows[0], nil
}
