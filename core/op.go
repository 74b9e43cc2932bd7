package core

import "fencepost/core/word"

// Op names one operation on a store or on the broker. Each is one Lua script,
// one SQL statement or transaction that begins with `/* op */`, or one broker
// call, so that a proxy, a trace and a scenario file can tell them apart.
type Op uint8

// The operations. A scenario may name those up to Lookup in `on:`.
const (
	NoOp Op = iota
	Acquire
	Renew
	Release
	Heartbeat
	TakeEpoch
	Resign
	Admit
	Permit
	Record
	Submit
	Lookup

	Evict   // compare-and-delete of a stale leader's lease
	Observe // read the authority row, its age and the control mode
	Fetch   // list the signals that need work
	Reread  // read one attempt back after an unknown permit
	OpCount
)

var opNames = []string{
	NoOp: "none", Acquire: "acquire", Renew: "renew", Release: "release", Heartbeat: "heartbeat",
	TakeEpoch: "take_epoch", Resign: "resign", Admit: "admit", Permit: "permit", Record: "record",
	Submit: "submit", Lookup: "lookup", Evict: "evict", Observe: "observe", Fetch: "fetch",
	Reread: "reread",
}

// String returns the operation's fixed name.
func (o Op) String() string { return word.Of(opNames, o) }

// Ops lists every named operation.
func Ops() []Op { return word.All(OpCount) }

// ParseOp returns the operation of that name.
func ParseOp(name string) (Op, bool) { return word.Find[Op](opNames, name) }

// Store tells which party carries the operation out.
func (o Op) Store() Store {
	switch o {
	case Acquire, Renew, Release, Evict:
		return Redis
	case Heartbeat, TakeEpoch, Resign, Admit, Permit, Record, Observe, Fetch, Reread:
		return Postgres
	case Submit, Lookup:
		return Broker
	default:
		return NoStore
	}
}

// Store is a party outside the node.
type Store uint8

// The parties that a node talks to. Nodes never talk to each other.
const (
	NoStore Store = iota
	Redis
	Postgres
	Broker
)

var storeNames = []string{NoStore: "none", Redis: "redis", Postgres: "postgres", Broker: "broker"}

// String returns the party's name in scenario files.
func (s Store) String() string { return word.Of(storeNames, s) }
