package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/inbox"
	"fencepost/internal/intake/payload"
	"fencepost/internal/pgledger"
)

// The times of an answer. A sender gives up after three seconds; whoever it is
// that answers has two.
const (
	// readTime bounds the reading of the body.
	readTime = time.Second
	// admitTime bounds the storing.
	admitTime = 800 * time.Millisecond
)

// mostAtOnce is how many requests may wait for the ledger at the same time.
const mostAtOnce = 64

// Inbox stores signals.
type Inbox interface {
	// Admit stores the signal durably, once for each key. After an error it may
	// or may not be stored.
	Admit(ctx context.Context, offer *pgledger.Offer) (pgledger.Admitted, error)
}

// Node decides whether this instance may take signals in.
type Node interface {
	MayTakeIn(second bool) (core.Reason, bool)
}

// Seams are the named points that a storing passes.
type Seams interface {
	Pass(ctx context.Context, point string)
}

// Seen is what happened to one request.
type Seen struct {
	// Event is NoEvent where the request led to none.
	Event  event.Event
	Source string
	// Key is the signal's key and Signal its number, as far as they are known.
	Key    string
	Signal core.SignalID
	Type   string
	State  core.SignalState
	Reason core.Reason
	// Status is the answer's HTTP status.
	Status int
	Took   time.Duration
	Err    error
}

// Options is what intake needs.
type Options struct {
	// Sources maps each source's name to its live path tokens.
	Sources map[string][]string
	Inbox   Inbox
	Node    Node
	// Seams may be nil.
	Seams Seams
	// See learns of every request, in the goroutine that answers it.
	See func(*Seen)
	// Stored is told of every newly stored signal. It must not wait.
	Stored func()
}

// Handler answers POST /webhook/{token}.
type Handler struct {
	opt     Options
	tokens  tokens
	breaker breaker
}

// New returns a handler.
func New(o Options) *Handler {
	return &Handler{opt: o, tokens: newTokens(o.Sources), breaker: breaker{most: mostAtOnce}}
}

// ServeHTTP answers one request; the path's token stands in the pattern's
// value "token".
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	counted := &countedWriter{ResponseWriter: w}
	seen := &Seen{}
	h.serve(counted, r, seen)
	seen.Status, seen.Took = counted.status, time.Since(began)
	h.opt.See(seen)
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request, seen *Seen) {
	source, ok := h.tokens.source(r.PathValue("token"))
	if !ok {
		refuse(w, Problem{Status: http.StatusNotFound, Detail: "no source has this token"})
		return
	}
	seen.Source = source
	body, problem := readBody(w, r)
	if problem != nil {
		refuse(w, *problem)
		return
	}
	signal, err := payload.Parse(body)
	if err != nil {
		seen.Err = err
		refuse(w, problemOf(err))
		return
	}
	seen.Type = signal.Type
	seen.Key = inbox.SignalKey(
		signal.SignalID, signal.Instrument, signal.Type, signal.Position, signal.Timestamp)
	if reason, may := h.opt.Node.MayTakeIn(false); !may {
		h.turnAway(w, seen, inbox.Refused, reason)
		return
	}
	h.store(r.Context(), w, seen, offer(signal, seen, body))
}

// readBody reads the body within its limits of size and time.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	if declared := r.Header.Get("Content-Type"); declared != "" {
		kind, _, err := mime.ParseMediaType(declared)
		if err != nil || (kind != "application/json" && kind != "text/plain") {
			return nil, &Problem{
				Status: http.StatusUnsupportedMediaType, Field: "Content-Type",
				Detail: fmt.Sprintf("%q: must be application/json, or text/plain with JSON in it", declared),
			}
		}
	}
	// Not every writer has deadlines; the server's own then bound the reading.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, payload.MaxBody))
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &long):
		return nil, &Problem{
			Status: http.StatusRequestEntityTooLarge,
			Detail: fmt.Sprintf("body of more than %d bytes", payload.MaxBody),
		}
	case err != nil:
		return nil, &Problem{Status: http.StatusRequestTimeout, Detail: "the body did not arrive in time"}
	default:
		return body, nil
	}
}

func problemOf(err error) Problem {
	p := Problem{Status: http.StatusBadRequest, Detail: err.Error()}
	var field *payload.FieldError
	if errors.As(err, &field) {
		p.Field = field.Field
	}
	return p
}

func offer(s *payload.Signal, seen *Seen, body []byte) *pgledger.Offer {
	return &pgledger.Offer{
		Key: seen.Key, SignalID: s.SignalID, Type: s.Type, Instrument: s.Instrument, Position: s.Position,
		Timestamp: s.Timestamp, Price: s.Price, Stop: s.Stop, Lots: s.Lots, ATR: s.ATR, ER: s.ER,
		Supertrend: s.Supertrend, ROC: s.ROC, Reason: s.Reason, Payload: body, Source: seen.Source,
		State: core.Received, ValidFor: s.ValidFor,
	}
}

// store asks the node once more and then stores the signal. Nothing stands
// between that question and the storing but the seam of a test: a key that is
// kept for a refused signal would make every later delivery a duplicate.
func (h *Handler) store(ctx context.Context, w http.ResponseWriter, seen *Seen, o *pgledger.Offer) {
	if !h.breaker.enter() {
		h.turnAway(w, seen, inbox.Retry, core.Unavailable)
		return
	}
	h.pass(ctx, "before:")
	if reason, may := h.opt.Node.MayTakeIn(true); !may {
		h.breaker.abandon()
		h.turnAway(w, seen, inbox.Refused, reason)
		return
	}
	// A sender that leaves does not take its signal with it.
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), admitTime)
	admitted, err := h.opt.Inbox.Admit(bounded, o)
	cancel()
	h.breaker.leave(err == nil)
	h.pass(ctx, "after:")
	if err != nil {
		seen.Err = err
		admitted = pgledger.Admitted{}
	}
	seen.Signal, seen.State = admitted.Signal, admitted.State
	verdict, reason := admitted.Admission.Tell()
	seen.Reason = reason
	switch admitted.Admission {
	case inbox.Fresh:
		seen.Event = event.SignalReceived
		h.opt.Stored()
	case inbox.Duplicate:
		seen.Event = event.SignalDuplicate
	case inbox.Clash:
		seen.Event = event.AlertRaised
	case inbox.AdmissionUnknown:
		seen.Event = event.OutcomeUnknown
	default:
	}
	tell(w, verdict, reason, Answer{
		SignalID: seen.Key, State: admitted.State.String(), ID: int64(admitted.Signal),
	})
}

func (h *Handler) turnAway(w http.ResponseWriter, seen *Seen, verdict inbox.Verdict, reason core.Reason) {
	seen.Reason = reason
	tell(w, verdict, reason, Answer{SignalID: seen.Key, State: core.NoSignal.String()})
}

func (h *Handler) pass(ctx context.Context, side string) {
	if h.opt.Seams != nil {
		h.opt.Seams.Pass(ctx, side+core.Admit.String())
	}
}

// countedWriter remembers the status.
type countedWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader writes the header.
func (c *countedWriter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController find the connection.
func (c *countedWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
