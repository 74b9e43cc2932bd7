package link

import (
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

// Link is the wire between two parties. Its methods may be called from any
// goroutine, also from a function that was given to OnOperation, except for
// Close, which waits for the connections' goroutines.
type Link interface {
	// Addr is where the near party dials, host and port on the loopback
	// interface. It is the same for the link's whole life.
	Addr() string
	// Damage lays a fault on the link under a number of the caller's choice. In
	// each direction the latest fault counts, and the one before it comes back
	// when that heals. The error says what is wrong with the damage, or that the
	// number is in use.
	Damage(id int, d Damage) error
	// Heal takes the fault off. A number that is not in use is no error: a reset
	// that strikes once is over when it has struck.
	Heal(id int) error
	// Break resets every open connection now.
	Break() error
	// Retarget makes new connections lead elsewhere, and resets the open ones: a
	// failover.
	Retarget(upstream string) error
	// OnOperation sets who is told of every named operation, in place of whoever
	// was. The function is called on the goroutine that relays the connection,
	// before the bytes that complete the request or the reply are passed on: it
	// may strike exactly there. Nil ends it.
	OnOperation(told func(core.Op, Phase))
	// OnUnheard sets who is told of answers that the near party does not get: the
	// link cut them, or it delivered the request when nobody waited any more. The
	// function is called like that of OnOperation. Nil ends it.
	OnUnheard(told func(Unheard))
	// Stats returns what has passed so far.
	Stats() Stats
	// Close ends the link with all its connections.
	Close() error
}

// Protocol is the language spoken on a link.
type Protocol uint8

// The protocols. On a link of Opaque bytes no operation is seen.
const (
	Opaque Protocol = iota
	Redis
	Postgres
	HTTP
)

// String returns the protocol's name.
func (p Protocol) String() string {
	switch p {
	case Opaque:
		return "opaque"
	case Redis:
		return "redis"
	case Postgres:
		return "postgres"
	case HTTP:
		return "http"
	default:
		return "protocol(?)"
	}
}

// Phase is how far an operation has come when its observer is told.
type Phase uint8

// The phases: the whole request has come and stands before the far party; the
// whole reply has come and stands before the way back.
const (
	RequestSeen Phase = iota
	ReplySeen
	phases
)

// String returns the phase's name.
func (p Phase) String() string {
	if p == RequestSeen {
		return "request"
	}
	return "reply"
}

// Unheard is an operation that the far party has answered, and whose asker does
// not hear of it.
type Unheard struct {
	Op core.Op
	// Claim is the token that the request presented, or zero.
	Claim core.Token
	// Failed tells that the answer is an error.
	Failed bool
	// Took is how long the far party had the request.
	Took time.Duration
}

// Damage is one fault of a link, with every length already drawn.
type Damage struct {
	// Effect is what happens to the bytes.
	Effect scenarios.Effect
	// Arrow names the directions, Towards being from the near party to the far
	// one. A reset ends connections for both sides, whatever the arrow, and
	// cut_reply is about the way back.
	Arrow scenarios.Arrow
	// Delay is by how much bytes arrive later (latency), or how long each state
	// lasts (flap).
	Delay time.Duration
	// Jitter is how much more at most is drawn for each piece of a stream
	// (latency). A piece never overtakes the one before it.
	Jitter time.Duration
	// Interval is scenarios.Rate's: the time between two resets, where zero means
	// once; the time that one byte takes (bandwidth); two states (flap without
	// Delay).
	Interval time.Duration
	// On is the operation whose replies are lost (cut_reply).
	On core.Op
}

// Traffic is what passed in one direction.
type Traffic struct {
	// Bytes were handed to the party at the direction's end.
	Bytes int64
	// Lost are those that a drop swallowed.
	Lost int64
	// Held are those that had to wait for a heal and were then delivered.
	Held int64
	// Ops counts the named operations: requests on the way out, replies on the
	// way back.
	Ops [core.OpCount]int64
}

// Stats is what happened on a link so far.
type Stats struct {
	// Towards and Back are the two directions, as seen from the near party.
	Towards, Back Traffic
	// Open is how many connections there are, Opened how many there ever were.
	Open, Opened int
	// RepliesCut is how many replies cut_reply has swallowed.
	RepliesCut int64
}
