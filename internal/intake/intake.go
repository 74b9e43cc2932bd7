package intake

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/inbox"
	"fencepost/internal/intake/origin"
	"fencepost/internal/intake/payload"
	"fencepost/internal/intake/signature"
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

// mostRemembered is how many ids of signed webhooks are remembered for a source.
const mostRemembered = 16384

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

// Source is one sender of signals. What is left out is not asked for.
type Source struct {
	// Tokens are the live path tokens.
	Tokens []string
	// Secrets sign the source's webhooks, within SignedWithin of now.
	Secrets      []signature.Secret
	SignedWithin time.Duration
	// Private are texts that must not be stored or logged: tokens and secrets as
	// they are written.
	Private []string
	// Addresses are where the source sends from.
	Addresses origin.List
	// Zone is the zone of a timestamp that names none.
	Zone *time.Location
	// Screen says what is odd about a signal; its SentAt is not looked at.
	Screen pgledger.Screen
	// Mapping says where the fields are.
	Mapping *payload.Mapping
}

// Seen is what happened to one request.
type Seen struct {
	// Event is NoEvent where the request led to none.
	Event  event.Event
	Source string
	// Address is where the request came from, not valid if that is not known.
	Address netip.Addr
	// Key is the signal's key and Signal its number, as far as they are known.
	Key    string
	Signal core.SignalID
	Type   string
	State  core.SignalState
	Reason core.Reason
	// Doubt says what is odd about the signal, and SimilarTo which one it is
	// similar to.
	Doubt     inbox.Doubt
	SimilarTo core.SignalID
	// Field and Problem say what was wrong with a request that was refused. They
	// are short, can be printed, and hold no secret.
	Field, Problem string
	// Status is the answer's HTTP status.
	Status int
	Took   time.Duration
	Err    error
}

// Options is what intake needs.
type Options struct {
	// Sources are the senders by their names.
	Sources map[string]Source
	// Trusted are the proxies whose X-Forwarded-For is believed.
	Trusted origin.List
	Inbox   Inbox
	Node    Node
	// Now is this machine's clock, for signatures; nil is the real one.
	Now func() time.Time
	// Seams may be nil.
	Seams Seams
	// Known is told, by its context, of each request that a source may have sent:
	// its token is live, and its address listed. It may be nil.
	Known func(ctx context.Context)
	// See learns of every request, in the goroutine that answers it.
	See func(*Seen)
	// Stored is told of every newly stored signal that is to be executed. It must
	// not wait.
	Stored func()
}

// source is a Source with what is remembered of it.
type source struct {
	Source
	name   string
	memory *signature.Memory[pgledger.Admitted]
}

// Handler answers POST /webhook/{token}, and refuses everything else.
type Handler struct {
	opt     Options
	sources map[string]*source
	tokens  tokens
	breaker breaker
}

// New returns a handler.
func New(o Options) *Handler {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Known == nil {
		o.Known = func(context.Context) {}
	}
	h := &Handler{opt: o, sources: map[string]*source{}, breaker: breaker{most: mostAtOnce}}
	for name := range o.Sources {
		s := &source{Source: o.Sources[name], name: name}
		s.memory = signature.NewMemory[pgledger.Admitted](mostRemembered)
		h.sources[name] = s
		h.tokens.add(name, s.Tokens)
	}
	return h
}

// request is one request on its way through the handler.
type request struct {
	*http.Request
	w      http.ResponseWriter
	seen   *Seen
	source *source
	// claim is what a signed request says of itself, nil where none is asked for.
	claim *signature.Claim
}

// ServeHTTP answers one request; the path's token stands in the pattern's
// value "token", and is empty for a path that is no webhook's.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	counted := &countedWriter{ResponseWriter: w}
	seen := &Seen{Address: origin.Of(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), h.opt.Trusted)}
	q := &request{Request: r, w: counted, seen: seen}
	h.serve(q)
	seen.Status, seen.Took = counted.status, time.Since(began)
	seen.scrub()
	h.opt.See(seen)
}

// serve takes a request through every check, the cheap ones first: a stranger
// costs no reading of a body.
func (h *Handler) serve(q *request) {
	if !h.comesFromASource(q) || !q.isReadable() || !h.isRecent(q) {
		return
	}
	body, ok := q.readBody()
	if !ok || !q.isGenuine(body) {
		return
	}
	signal, err := payload.Parse(body, q.source.Mapping)
	if err != nil {
		q.refuse(problemOf(err))
		return
	}
	seen := q.seen
	seen.Type = signal.Type
	seen.Key = inbox.SignalKey(
		signal.SignalID, signal.Instrument, signal.Type, signal.Position, signal.Timestamp)
	if reason, may := h.opt.Node.MayTakeIn(false); !may {
		q.turnAway(inbox.Refused, reason)
		return
	}
	h.storeOnce(q, q.offer(signal, body), body)
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
