package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/pgledger"
)

// Scene is what a story is told from.
type Scene struct {
	Signal    pgledger.SignalDetail
	Decisions []pgledger.Decided
	// Now is the database's clock.
	Now time.Time
	// Control is the group's mode as the ledger writes it, and Leader the instance
	// that leads by the ledger, empty if nobody does.
	Control, Leader string
	// Class is the configured broker's.
	Class order.Class
	// InTurn says that one signal of an instrument is open at a time, and Ahead is
	// the one for whose end this one waits, nil if there is none.
	InTurn bool
	Ahead  *pgledger.Ahead
}

// Kind says what a line of the timeline is about.
type Kind string

// The kinds of lines.
const (
	Arrived  Kind = "arrived"
	Permit   Kind = "permit"
	Outcome  Kind = "outcome"
	Late     Kind = "late"
	Decision Kind = "decision"
	Alert    Kind = "alert"
	End      Kind = "end"
)

// Line is one thing that happened. At is missing where the rows no longer say
// when.
type Line struct {
	At   *time.Time `json:"at,omitempty"`
	Kind Kind       `json:"kind"`
	What string     `json:"what"`
	// sort is where the line stands.
	sort time.Time
}

// Story is what became of one signal.
type Story struct {
	Signal  core.SignalID `json:"signal"`
	Key     string        `json:"key"`
	Order   string        `json:"order"`
	State   string        `json:"state"`
	Version int64         `json:"version"`
	// Timeline is what happened, the oldest first.
	Timeline []Line `json:"timeline"`
	// Now is where the signal stands, Next what happens without anybody's doing,
	// and Do what a person does, a command or a sentence each.
	Now  string   `json:"now"`
	Next string   `json:"next"`
	Do   []string `json:"do,omitempty"`
}

// Tell tells the story.
func Tell(s Scene) Story {
	g := &s.Signal
	t := teller{Scene: s, state: stateOf(g.State)}
	t.arrival()
	for i := range g.Attempts {
		t.attempt(&g.Attempts[i])
	}
	for i := range s.Decisions {
		t.decision(&s.Decisions[i])
	}
	t.alertAndEnd()
	slices.SortStableFunc(t.lines, func(a, b Line) int { return a.sort.Compare(b.sort) })
	now, next, do := t.outlook()
	return Story{
		Signal: g.ID, Key: g.Key, Order: OrderText(&g.Signal), State: g.State, Version: g.Version,
		Timeline: t.lines, Now: now, Next: next, Do: do,
	}
}

// OrderText says what a signal asks for.
func OrderText(s *pgledger.Signal) string {
	text := strings.Join([]string{s.Type, s.Instrument, s.Position}, " ")
	if s.Lots != "" {
		text += ", " + s.Lots.String() + " lots"
	}
	if s.Price != "" {
		text += " at " + s.Price.String()
	}
	if s.Stop != "" {
		text += ", stop " + s.Stop.String()
	}
	return text
}

// stateOf reads a state as the ledger writes it. The schema admits no other.
func stateOf(word string) core.SignalState {
	state, _ := core.ParseSignalState(word)
	return state
}

// Moment writes an instant.
func Moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000Z") }

// Span writes how long something took or takes.
func Span(d time.Duration) string {
	if d.Abs() >= 10*time.Second {
		return d.Round(time.Second).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// teller collects the lines.
type teller struct {
	Scene
	state core.SignalState
	lines []Line
}

func (t *teller) at(at time.Time, kind Kind, format string, args ...any) {
	t.lines = append(t.lines, Line{At: &at, Kind: kind, What: fmt.Sprintf(format, args...), sort: at})
}

// sometime adds a line whose instant is not known; it stands behind after.
func (t *teller) sometime(after time.Time, kind Kind, format string, args ...any) {
	t.lines = append(t.lines, Line{Kind: kind, What: fmt.Sprintf(format, args...), sort: after})
}

// arrival tells how the signal came into the ledger.
func (t *teller) arrival() {
	g := &t.Signal
	source, by := or(g.Source, "without a name"), or(g.ReceivedBy, "an instance without a name")
	born, reason := t.born()
	switch born {
	case core.Rejected:
		t.at(g.ReceivedAt, Arrived,
			"arrived from source %s at %s and was refused%s; that is answered with 200 rejected, however "+
				"often it is sent", source, by, because(reason))
		return
	case core.Held:
		by += ", is held" + because(reason)
	default:
		by += ", was stored"
	}
	if g.ValidUntil != nil {
		by += ", is valid until " + Moment(*g.ValidUntil)
	}
	t.at(g.ReceivedAt, Arrived,
		"arrived from source %s at %s; that is answered with 202 accepted, the same body again with 200 "+
			"duplicate, another one under this key with 409 conflict", source, by)
}

// born returns the state in which the row was written, and why. A row that has
// moved shows it only where a person freed what nobody had held before.
func (t *teller) born() (core.SignalState, string) {
	if t.Signal.Version == 1 {
		return t.state, t.Signal.StateReason
	}
	if len(t.Decisions) > 0 && t.Decisions[0].FromState == core.Held.String() {
		return core.Held, ""
	}
	return core.Received, ""
}

// decision tells a person's word.
func (t *teller) decision(d *pgledger.Decided) {
	what := "decided: " + d.Outcome
	switch stateOf(d.Outcome) {
	case core.Void:
		what = "attested that the order was not sent, and never will be"
	case core.Submitted:
		what = "attested that the order stands at the broker"
	case core.Executed, core.Rejected, core.Cancelled:
		if d.Attempt > 0 {
			what = "attested that the order was " + d.Outcome
		} else {
			what = "said that it is " + d.Outcome
		}
	case core.Held:
		what = "held it back"
	case core.Received:
		what = "let it go on"
	default:
	}
	about := ""
	if d.Attempt > 0 {
		about = fmt.Sprintf(" (attempt %d)", d.Attempt)
	}
	t.at(d.At, Decision, "%s %s%s: %q; from %s to %s", d.By, what, about, d.Reason, d.FromState, d.ToState)
}

// alertWords say why a person was called, where the ledger has a state or a
// reason for it.
var alertWords = map[string]string{
	core.InDoubt.String():     "nobody knows whether the order exists",
	core.Submitted.String():   "the broker no longer shows an order that it had accepted",
	core.Unavailable.String(): "the broker did not answer",
}

// alertAndEnd tells that a person was called, and how the signal ended.
func (t *teller) alertAndEnd() {
	g := &t.Signal
	if g.AlertedAt != nil {
		why := g.AlertReason
		if words := alertWords[why]; words != "" {
			why = words
		}
		t.at(*g.AlertedAt, Alert, "a person was called: %s", or(why, "no reason was kept"))
	}
	if g.EndedAt == nil || g.Version == 1 {
		return
	}
	if t.state == core.Expired && g.ValidUntil != nil {
		t.at(*g.EndedAt, End, "expired: it was not to be sent after %s", Moment(*g.ValidUntil))
		return
	}
	t.at(*g.EndedAt, End, "ended as %s%s", g.State, because(t.recordedReason()))
}

// recordedReason is the reason on the row, if it is one of the program's words
// and not a person's, which are told with their decision.
func (t *teller) recordedReason() string {
	if _, known := core.ParseReason(t.Signal.StateReason); known {
		return t.Signal.StateReason
	}
	return ""
}

// because appends a reason if there is one.
func because(reason string) string {
	if reason == "" {
		return ""
	}
	return " (" + reason + ")"
}

// or returns the text, or what stands for a missing one.
func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
