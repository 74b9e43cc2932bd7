package httpapi

import (
	"context"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

// Operator is what people read and say: the part of the service that asks
// PostgreSQL alone and needs no running node.
type Operator interface {
	Signals(ctx context.Context, f pgledger.SignalFilter) ([]pgledger.Signal, error)
	Signal(ctx context.Context, id core.SignalID) (pgledger.SignalDetail, error)
	SignalStory(ctx context.Context, id core.SignalID) (story.Story, error)
	InDoubt(ctx context.Context, limit int) ([]InDoubt, error)
	Control(ctx context.Context) (Control, error)
	ChangeControl(ctx context.Context, c pgledger.ControlChange) (pgledger.ControlChanged, error)
	// Resolve and Cancel return the signal as it is after the word.
	Resolve(ctx context.Context, w Resolution) (pgledger.SignalDetail, error)
	Cancel(ctx context.Context, c Cancellation) (pgledger.SignalDetail, error)
}

// InDoubt is a signal in doubt: what is known of it, and what to look for at
// the broker.
type InDoubt struct {
	pgledger.Doubt
	Known   string   `json:"known"`
	LookFor []string `json:"look_for"`
}

// Control is the control mode, who set it why, and what is open under it.
type Control struct {
	Control string     `json:"control"`
	Reason  string     `json:"control_reason"`
	By      string     `json:"control_by"`
	At      *time.Time `json:"control_at"`
	// Seq is where the last change stands among the permits, zero if there was
	// none. Who resumes says which change they saw.
	Seq int64 `json:"control_seq"`
	// Open counts the signals that are not at their end, by state.
	Open []pgledger.OpenCount `json:"open"`
}

// Resolution is a person's word on a signal in doubt.
type Resolution struct {
	Signal       core.SignalID
	As           story.Attestation
	Evidence, By string
	// Version is the version of the row that the person saw; zero takes it as it
	// is read.
	Version int64
}

// Cancellation is a person's wish that a signal is never sent. Version, if it
// is not zero, is the version of the row that the person saw.
type Cancellation struct {
	Signal     core.SignalID
	Reason, By string
	Version    int64
}
