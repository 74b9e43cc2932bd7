package intake

import (
	"encoding/json"
	"net/http"

	"fencepost/core"
	"fencepost/core/inbox"
)

// Answer is the body of an answer that is no error.
type Answer struct {
	// Status is accepted, duplicate or rejected.
	Status string `json:"status"`
	// SignalID is the signal's key: the sender's own id, or the hash that stands
	// for it.
	SignalID string `json:"signal_id"`
	// State is where the signal stands; none if it was not stored.
	State string `json:"state"`
	// Reason says why a signal was refused.
	Reason string `json:"reason,omitempty"`
	// ID is the signal's number in the ledger, for people.
	ID int64 `json:"id,omitempty"`
}

// Problem is the body of an error (RFC 9457).
type Problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	// Field names the field that is wrong.
	Field string `json:"field,omitempty"`
	// SignalID, State and Reason are those of an Answer.
	SignalID string `json:"signal_id,omitempty"`
	State    string `json:"state,omitempty"`
	Reason   string `json:"reason,omitempty"`
}

// retryAfter is the seconds after which a sender may try again.
const retryAfter = "1"

func write(w http.ResponseWriter, status int, contentType string, document any) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A sender that has left learns nothing; the signal stands or not.
	_ = json.NewEncoder(w).Encode(document)
}

// refuse writes an error and notes it. It returns false.
func (q *request) refuse(p Problem) bool {
	p.Type = "about:blank"
	p.Title = http.StatusText(p.Status)
	if p.Status == http.StatusServiceUnavailable {
		q.w.Header().Set("Retry-After", retryAfter)
	}
	q.seen.Field, q.seen.Problem = p.Field, p.Detail
	write(q.w, p.Status, "application/problem+json", p)
	return false
}

// answer writes the answer that the verdict asks for.
func (q *request) answer(verdict inbox.Verdict, reason core.Reason, a Answer) {
	a.Status = verdict.String()
	switch {
	case reason != core.NoReason:
		a.Reason = reason.String()
	case q.seen.Doubt != inbox.NoDoubt:
		a.Reason = q.seen.Doubt.String()
	}
	switch verdict {
	case inbox.Accepted, inbox.AlreadyKnown, inbox.Refused:
		write(q.w, verdict.HTTPStatus(), "application/json", a)
	case inbox.Contradicts:
		q.refuse(Problem{
			Status: verdict.HTTPStatus(), Detail: "another payload was stored under this signal_id before",
			Field: "signal_id", SignalID: a.SignalID, State: a.State, Reason: a.Reason,
		})
	case inbox.Retry:
		q.unavailable(a)
	default:
		q.unavailable(a)
	}
}

func (q *request) unavailable(a Answer) {
	q.refuse(Problem{
		Status: inbox.Retry.HTTPStatus(), Detail: "the signal may not be stored; send it again",
		SignalID: a.SignalID, Reason: a.Reason,
	})
}
