package intake

import (
	"context"
	"net/http"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/inbox"
	"fencepost/internal/intake/payload"
	"fencepost/internal/intake/signature"
	"fencepost/internal/pgledger"
)

// offer is the signal as it is to be stored.
func (q *request) offer(s *payload.Signal, body []byte) *pgledger.Offer {
	screen := q.source.Screen
	screen.SentAt, _ = payload.Instant(s.Timestamp, q.source.Zone)
	return &pgledger.Offer{
		Key: q.seen.Key, SignalID: s.SignalID, Type: s.Type, Instrument: s.Instrument, Position: s.Position,
		Timestamp: s.Timestamp, Price: s.Price, Stop: s.Stop, Lots: s.Lots, ATR: s.ATR, ER: s.ER,
		Supertrend: s.Supertrend, ROC: s.ROC, Reason: s.Reason, Payload: body, Source: q.source.name,
		State: core.Received, ValidFor: s.ValidFor, Screen: screen,
	}
}

// storeOnce stores the signal unless its webhook is a repetition of one that was
// answered. Only an answer that the ledger gave is remembered: what was not
// answered may be sent again.
func (h *Handler) storeOnce(q *request, o *pgledger.Offer, body []byte) {
	if q.claim == nil {
		if admitted, tried := h.store(q, o); tried {
			q.tell(admitted)
		}
		return
	}
	memory, id := q.source.memory, q.claim.ID
	admitted, found := memory.Begin(id, body, h.opt.Now(), q.claim.At.Add(q.source.SignedWithin))
	switch found {
	case signature.New:
		h.storeNew(q, o, func(a pgledger.Admitted, holds bool) { memory.End(id, a, holds) })
	case signature.Answered:
		if admitted.Admission == inbox.Fresh {
			admitted.Admission = inbox.Duplicate
		}
		q.tell(admitted)
	case signature.Reused:
		q.seen.Event, q.seen.Reason, q.seen.Signal = event.AlertRaised, core.Conflict, admitted.Signal
		q.refuse(Problem{
			Status: http.StatusConflict, Field: "webhook-id", SignalID: q.seen.Key,
			State: core.NoSignal.String(), Reason: core.Conflict.String(),
			Detail: "another body was sent under this id before",
		})
	case signature.Busy:
		q.turnAway(inbox.Retry, core.Unavailable)
	default:
		q.turnAway(inbox.Retry, core.Unavailable)
	}
}

// storeNew stores the signal of a webhook whose id is new, and ends the id
// before the sender is told: it may repeat at once.
func (h *Handler) storeNew(q *request, o *pgledger.Offer, end func(pgledger.Admitted, bool)) {
	ended := false
	defer func() {
		if !ended {
			end(pgledger.Admitted{}, false)
		}
	}()
	admitted, tried := h.store(q, o)
	end(admitted, admitted.Admission != inbox.AdmissionUnknown)
	ended = true
	if tried {
		q.tell(admitted)
	}
}

// store asks the node once more and then stores the signal. Nothing stands
// between that question and the storing but the seam of a test: a key that is
// kept for a refused signal would make every later delivery a duplicate. It
// reports false if the sender was turned away before.
func (h *Handler) store(q *request, o *pgledger.Offer) (admitted pgledger.Admitted, tried bool) {
	ctx := q.Context()
	if !h.breaker.enter() {
		q.turnAway(inbox.Retry, core.Unavailable)
		return admitted, false
	}
	h.pass(ctx, "before:")
	if reason, may := h.opt.Node.MayTakeIn(true); !may {
		h.breaker.abandon()
		q.turnAway(inbox.Refused, reason)
		return admitted, false
	}
	// A sender that leaves does not take its signal with it.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), admitTime)
	admitted, err := h.opt.Inbox.Admit(bounded, o)
	cancel()
	h.breaker.leave(err == nil)
	h.pass(ctx, "after:")
	if err != nil {
		q.seen.Err = err
		admitted = pgledger.Admitted{}
	}
	if admitted.Admission == inbox.Fresh && admitted.State == core.Received {
		h.opt.Stored()
	}
	return admitted, true
}

// tell answers what the ledger did.
func (q *request) tell(admitted pgledger.Admitted) {
	seen := q.seen
	verdict, reason := admitted.Admission.Outcome(admitted.State)
	seen.Signal, seen.State, seen.Reason = admitted.Signal, admitted.State, reason
	switch admitted.Admission {
	case inbox.Fresh:
		seen.Event = event.SignalReceived
		seen.Doubt, seen.SimilarTo = admitted.Doubt, admitted.SimilarTo
	case inbox.Duplicate:
		seen.Event = event.SignalDuplicate
	case inbox.Clash:
		seen.Event = event.AlertRaised
	case inbox.AdmissionUnknown:
		seen.Event = event.OutcomeUnknown
	default:
	}
	q.answer(verdict, reason, Answer{
		SignalID: seen.Key, State: admitted.State.String(), ID: int64(admitted.Signal),
	})
}

func (q *request) turnAway(verdict inbox.Verdict, reason core.Reason) {
	q.seen.Reason = reason
	q.answer(verdict, reason, Answer{SignalID: q.seen.Key, State: core.NoSignal.String()})
}

func (h *Handler) pass(ctx context.Context, side string) {
	if h.opt.Seams != nil {
		h.opt.Seams.Pass(ctx, side+core.Admit.String())
	}
}
