package fencepost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/intake/payload"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

// Preview is what would become of a signal that was sent now.
type Preview struct {
	// Status is the word that the sender would be told: accepted, duplicate,
	// conflict, refused or alive; Code is the HTTP status beside it.
	Status string `json:"status"`
	Code   int    `json:"code"`
	// Field and Detail say what is wrong with a body that would be refused.
	Field  string `json:"field,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Key is the signal's key, and Order what it asks for.
	Key   string `json:"key,omitempty"`
	Order string `json:"order,omitempty"`
	// Signal and State are those of the row that has the key already.
	Signal core.SignalID `json:"signal,omitempty"`
	State  string        `json:"state,omitempty"`
	// Next is what would happen to it.
	Next string `json:"next"`
	// Control and Leader are what is in force at the moment.
	Control string `json:"control,omitempty"`
	Leader  string `json:"leader,omitempty"`
}

// Preview tells what would become of a body if a configured source sent it now.
// It stores nothing; the ledger may have moved by the time that it is sent.
// Whether it resembles another signal, or lies ahead of the clock, only the
// storing tells.
func (r *Reader) Preview(ctx context.Context, source *Source, body []byte) (Preview, error) {
	signal, err := payload.Parse(body, &source.Fields)
	if err != nil {
		p := Preview{
			Status: "refused", Code: http.StatusBadRequest, Detail: err.Error(), Next: "nothing is stored",
		}
		var field *payload.FieldError
		if errors.As(err, &field) {
			p.Field = field.Field
		}
		return p, nil
	}
	key := inbox.SignalKey(signal.SignalID, signal.Instrument, signal.Type, signal.Position, signal.Timestamp)
	row := pgledger.Signal{
		Key: key, Type: signal.Type, Instrument: signal.Instrument, Position: signal.Position,
		Lots: json.Number(signal.Lots), Price: json.Number(signal.Price), Stop: json.Number(signal.Stop),
		State: core.Received.String(), Version: 1,
	}
	p := Preview{Key: key, Order: story.OrderText(&row)}
	found, err := r.ledger.Find(ctx, key, body)
	if err != nil {
		return Preview{}, fmt.Errorf("preview: %w", err)
	}
	admission := inbox.Fresh
	switch {
	case found == nil:
	case found.Same:
		admission = inbox.Duplicate
	default:
		admission = inbox.Clash
	}
	verdict, _ := admission.Tell()
	p.Status, p.Code = verdict.String(), verdict.HTTPStatus()
	if found != nil {
		p.Signal, p.State = found.Signal, found.State.String()
		p.Next = fmt.Sprintf("nothing is stored: signal %d has this key", found.Signal)
		return p, nil
	}
	return p, r.foresee(ctx, &p, row)
}

// foresee adds what would happen to a new signal.
func (r *Reader) foresee(ctx context.Context, p *Preview, row pgledger.Signal) error {
	authority, err := r.ledger.Authority(ctx)
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	incumbent, err := r.CurrentLeader(ctx)
	if err != nil {
		return fmt.Errorf("preview: %w", err)
	}
	if incumbent != nil {
		p.Leader = incumbent.InstanceID
	}
	p.Control = authority.Control
	told := story.Tell(story.Scene{
		Signal: pgledger.SignalDetail{Signal: row}, Control: p.Control, Leader: p.Leader,
		Class: r.protocol.Broker.Class(),
	})
	p.Next = told.Next
	if r.protocol.LeaderOnly {
		p.Next += "; only the instance that leads takes it in"
	}
	return nil
}
