package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"fencepost/scenarios"
)

// offered is one signal as its senders see it.
type offered struct {
	number int32 // as the judge counts it
	key    string
	body   []byte
	// answered: an instance has said that it is stored; refused: that it never
	// will be.
	answered, refused bool
}

// reply is what a sender was told of a signal.
type reply struct {
	at     int64
	number int32
	node   int16
	began  int64
	fresh  bool // it was stored by this very request
	known  bool // an acknowledgement of any kind
	final  bool // a refusal
}

// startTraffic begins to offer signals.
func (r *run) startTraffic(ctx context.Context) {
	if t := &r.program.traffic; t.interval > 0 {
		r.after(time.Duration(r.chance.between(0, t.interval)), func() { r.nextSignal(ctx) })
	}
}

// nextSignal offers the workload's next signal and plans the one after it.
func (r *run) nextSignal(ctx context.Context) {
	t := &r.program.traffic
	if r.ended || r.done || t.count > 0 && r.planned >= t.count {
		return
	}
	r.planned++
	s := r.newSignal()
	if t.to == scenarios.ToAll {
		for _, n := range r.nodes {
			r.offer(ctx, s, n, r.delay())
		}
	} else {
		r.offer(ctx, s, nil, r.delay())
		if r.chance.between(0, int64(100*scenarios.OnePercent)-1) < int64(t.duplicates) {
			r.offer(ctx, s, nil, r.delay()+r.chance.between(0, t.reorder))
		}
	}
	gap := t.interval
	if !t.steady {
		gap = r.chance.between(t.interval/2, t.interval*3/2)
	} else if t.intervalMax > t.interval {
		gap = r.chance.between(t.interval, t.intervalMax)
	}
	// Counted from when this one was due, so that the rate does not sink with
	// what the conductor does beside.
	r.due += gap
	if now := r.clock.now(); r.due < now-gap {
		r.due = now
	}
	r.after(time.Duration(r.due-r.clock.now()), func() { r.nextSignal(ctx) })
}

// delay is for how long a delivery is held up, so that deliveries change places.
func (r *run) delay() int64 { return r.chance.between(0, r.program.traffic.reorder) }

// instrumentPrefix begins the name of an instrument, and exitKind is the type of an
// exit.
const (
	instrumentPrefix = "INSTRUMENT_"
	exitKind         = "EXIT"
)

// newSignal makes a signal that nobody was offered yet.
func (r *run) newSignal() *offered {
	number := int32(len(r.signals))
	t := &r.program.traffic
	key := fmt.Sprintf("s%06d", number+1)
	kind := "BASE_ENTRY"
	if t.exits > 0 && r.chance.between(0, int64(100*scenarios.OnePercent)-1) < int64(t.exits) {
		kind = exitKind
	}
	text := map[string]any{
		"type": kind, "instrument": instrumentPrefix + strconv.Itoa(int(number)%t.instruments+1),
		"position": positionPrefix + key, "signal_id": key, "timestamp": "2026-01-05T09:15:00+05:30",
		"price": 52000.5, "stop": 51800, "lots": 2,
	}
	if t.validFor > 0 {
		text["valid_for"] = t.validFor.String()
	}
	body, err := json.Marshal(text)
	if err != nil {
		panic("chaos: a signal can be written: " + err.Error())
	}
	s := &offered{number: number, key: key, body: body}
	r.signals = append(r.signals, s)
	r.numberOf[key] = number
	r.book.tell(r.clock.now(), func(j *scenarios.Judge, at int64) { j.Offered(number, at) })
	return s
}

// offer delivers a signal after the delay, to a node or to one that is chosen
// for each try, until it is answered or the sender gives up.
func (r *run) offer(ctx context.Context, s *offered, to *instance, delay int64) {
	r.after(time.Duration(delay), func() { r.try(ctx, s, to, 1) })
}

// try delivers a signal once.
func (r *run) try(ctx context.Context, s *offered, to *instance, attempt int) {
	t := &r.program.traffic
	n := to
	if n == nil {
		n = r.target()
	}
	patience := time.Duration(t.timeout)
	url := n.webhook
	r.senders.Go(func() {
		began := r.clock.now()
		code, answer := post(ctx, url, s.body, patience)
		at := r.clock.now()
		r.post(func() {
			r.answeredTo(ctx, s, n, to, attempt, reply{at: at, began: began, number: s.number}, code, answer)
		})
	})
}

// answeredTo takes a sender's answer. A refusal is final; nothing but an
// acknowledgement promises anything; everything else is tried again when the
// sender's patience is over.
func (r *run) answeredTo(
	ctx context.Context, s *offered, n, to *instance, attempt int, rep reply, code int, a answer,
) {
	rep.node = n.index
	switch {
	case code == http.StatusAccepted:
		rep.known, rep.fresh = true, true
	case code == http.StatusOK && a.Status != "rejected":
		rep.known = true
	case code == http.StatusOK, code >= 400 && code < 500:
		rep.final = true
	}
	r.replies = append(r.replies, rep)
	if rep.known || rep.final {
		s.answered = s.answered || rep.known
		s.refused = s.refused || rep.final
		return
	}
	if attempt >= r.program.traffic.attempts || r.done {
		return
	}
	wait := rep.began + r.program.traffic.timeout - r.clock.now()
	r.after(time.Duration(wait), func() { r.try(ctx, s, to, attempt+1) })
}

// target chooses the instance that a sender talks to: a balancer in front of the
// cluster leaves out those that are down.
func (r *run) target() *instance {
	fits := func(n *instance) bool { return n.up }
	switch r.program.traffic.to {
	case scenarios.ToLeader:
		if r.leader >= 0 {
			return r.nodes[r.leader]
		}
	case scenarios.ToFollower:
		fits = func(n *instance) bool { return n.up && n.role != leader }
	case scenarios.ToAny, scenarios.ToAll:
	default:
	}
	var fit []*instance
	for _, n := range r.nodes {
		if fits(n) {
			fit = append(fit, n)
		}
	}
	if len(fit) == 0 {
		fit = r.nodes
	}
	return fit[r.chance.IntN(len(fit))]
}

// offerMalformed sends a body that is no signal. It is none of the workload's.
func (r *run) offerMalformed(ctx context.Context, n *instance) {
	url, patience := n.webhook, time.Duration(r.program.traffic.timeout)
	r.senders.Go(func() { post(ctx, url, []byte(`{"type": "BASE_ENTRY", "instrument":`), patience) })
}

// answer is what an instance says to a signal.
type answer struct {
	Status string `json:"status"`
}

// senderClient keeps no connection: whoever was asked may be killed next.
var senderClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// post sends a body once. The code is zero if nobody answered in time.
func post(ctx context.Context, url string, body []byte, patience time.Duration) (int, answer) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var a answer
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, a
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := senderClient.Do(request)
	if err != nil {
		return 0, a
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil || json.Unmarshal(text, &a) != nil {
		return 0, a
	}
	return response.StatusCode, a
}
