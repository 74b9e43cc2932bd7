package paper

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"fencepost/internal/broker/wire"
)

// Act names one way to misbehave. The words are those of scenario files.
type Act string

// The acts.
const (
	// AcceptThenSilence places the order and never answers.
	AcceptThenSilence Act = "accept_then_silence"
	// LostReply places the order and cuts the connection.
	LostReply Act = "lost_reply"
	// Late places the order after a delay, whether or not its sender still waits.
	Late Act = "late"
	// DuplicateAck answers twice, the second time after a delay.
	DuplicateAck Act = "duplicate_ack"
	// WrongStatus places the order and answers with a code that denies it.
	WrongStatus Act = "wrong_status"
	// Reject refuses the order on its merits.
	Reject Act = "reject"
	// Down cuts every connection before anything is done.
	Down Act = "down"
)

// Acts lists every act.
func Acts() []Act {
	return []Act{AcceptThenSilence, LostReply, Late, DuplicateAck, WrongStatus, Reject, Down}
}

// Behaviour is one act and how long it goes on.
type Behaviour struct {
	Act Act `json:"act"`
	// Delay is how late an order or a second answer is.
	Delay Duration `json:"delay,omitzero"`
	// For ends the act after that time; zero goes on until it is cleared.
	For Duration `json:"for,omitzero"`
	// Count ends the act after so many orders; zero does not count.
	Count int `json:"count,omitempty"`
	// Status is the code of WrongStatus, 500 unless it is set.
	Status int `json:"status,omitempty"`
	// Code is the reason of Reject, risk_limit unless it is set.
	Code wire.Code `json:"code,omitempty"`

	until time.Time
}

// check reports the first field that makes no sense.
func (b *Behaviour) check() error {
	if !slices.Contains(Acts(), b.Act) {
		words := make([]string, 0, len(Acts()))
		for _, act := range Acts() {
			words = append(words, string(act))
		}
		return fmt.Errorf("act %q: must be one of %s", b.Act, strings.Join(words, ", "))
	}
	if b.Delay < 0 || b.For < 0 || b.Count < 0 {
		return fmt.Errorf("%s: delay, for and count must not be negative", b.Act)
	}
	if b.Delay != 0 && b.Act != Late && b.Act != DuplicateAck {
		return fmt.Errorf("delay: %s has none; late and duplicate_ack have", b.Act)
	}
	if b.Status != 0 && (b.Act != WrongStatus || b.Status < 200 || b.Status > 599) {
		return fmt.Errorf("status %d: a code between 200 and 599, for wrong_status alone", b.Status)
	}
	if b.Code != "" && b.Act != Reject {
		return fmt.Errorf("code: for reject alone")
	}
	return nil
}

// Conduct is how the broker behaves at the moment. The zero value behaves well
// and answers at once. It is safe for use by several goroutines.
type Conduct struct {
	mu     sync.Mutex
	active map[Act]Behaviour
	ackMin time.Duration
	ackMax time.Duration
	chance *rand.Rand
}

// NewConduct returns good conduct. The seed fixes the delays of answers.
func NewConduct(seed uint64) *Conduct {
	return &Conduct{active: make(map[Act]Behaviour), chance: rand.New(rand.NewPCG(seed, 0))}
}

// Begin starts an act, or changes it if it goes on already.
func (c *Conduct) Begin(b Behaviour) error {
	if err := b.check(); err != nil {
		return err
	}
	if b.Act == WrongStatus && b.Status == 0 {
		b.Status = http.StatusInternalServerError
	}
	if b.Act == Reject && b.Code == "" {
		b.Code = wire.CodeRiskLimit
	}
	if b.For > 0 {
		b.until = time.Now().Add(time.Duration(b.For))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active[b.Act] = b
	return nil
}

// End stops the act; it is no error if it is not going on.
func (c *Conduct) End(act Act) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.active, act)
}

// Clear stops every act.
func (c *Conduct) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.active)
}

// Ack sets how long answers take: drawn evenly between least and most.
func (c *Conduct) Ack(least, most time.Duration) error {
	if least < 0 || most < least {
		return fmt.Errorf("ack %v..%v: must be a range of times", least, most)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ackMin, c.ackMax = least, most
	return nil
}

// Active lists what goes on, by name.
func (c *Conduct) Active() []Behaviour {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	list := make([]Behaviour, 0, len(c.active))
	for _, b := range c.active {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Behaviour) int { return strings.Compare(string(a.Act), string(b.Act)) })
	return list
}

// take reports whether the act goes on, and counts this order against it.
func (c *Conduct) take(act Act) (Behaviour, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.expire()
	b, ok := c.active[act]
	if ok && b.Count > 0 {
		left := b
		left.Count--
		c.active[act] = left
		if left.Count == 0 {
			delete(c.active, act)
		}
	}
	return b, ok
}

// expire ends what has had its time. The caller holds the lock.
func (c *Conduct) expire() {
	now := time.Now()
	for act, b := range c.active {
		if !b.until.IsZero() && !now.Before(b.until) {
			delete(c.active, act)
		}
	}
}

// ackDelay draws the delay of one answer.
func (c *Conduct) ackDelay() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ackMin + time.Duration(c.chance.Int64N(int64(c.ackMax-c.ackMin)+1))
}

// Duration is a time span that is written like 250ms.
type Duration time.Duration

// String returns the span as it is written.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the span.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalJSON reads a span with its unit. A bare number is never a span.
func (d *Duration) UnmarshalJSON(text []byte) error {
	var written string
	if err := json.Unmarshal(text, &written); err != nil {
		return fmt.Errorf("%s: a span is written with its unit, like \"250ms\"", text)
	}
	span, err := time.ParseDuration(written)
	if err != nil {
		return fmt.Errorf("%q: a span is written with its unit, like \"250ms\"", written)
	}
	*d = Duration(span)
	return nil
}
