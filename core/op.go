package core

// Op names one operation on a store or on the broker. Each is one Lua script,
// one SQL statement or transaction that begins with `/* op */`, or one broker
// call, so that a proxy, a trace and a scenario file can tell them apart.
type Op uint8

// The operations. Those up to Lookup are the ones that a scenario may name in
// `on:`; the rest are ours.
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

var opNames = [OpCount]string{
	NoOp:      "none",
	Acquire:   "acquire",
	Renew:     "renew",
	Release:   "release",
	Heartbeat: "heartbeat",
	TakeEpoch: "take_epoch",
	Resign:    "resign",
	Admit:     "admit",
	Permit:    "permit",
	Record:    "record",
	Submit:    "submit",
	Lookup:    "lookup",
	Evict:     "evict",
	Observe:   "observe",
	Fetch:     "fetch",
	Reread:    "reread",
}

// String returns the operation's fixed name.
func (o Op) String() string {
	if o >= OpCount {
		return "op(?)"
	}
	return opNames[o]
}

// Ops lists every named operation.
func Ops() []Op {
	all := make([]Op, 0, OpCount-1)
	for o := NoOp + 1; o < OpCount; o++ {
		all = append(all, o)
	}
	return all
}

// ParseOp returns the operation of that name.
func ParseOp(name string) (Op, bool) {
	for o := NoOp + 1; o < OpCount; o++ {
		if opNames[o] == name {
			return o, true
		}
	}
	return NoOp, false
}

// Store tells which party carries the operation out.
func (o Op) Store() Store {
	switch o {
	case Acquire, Renew, Release, Evict:
		return Redis
	case Heartbeat, TakeEpoch, Resign, Admit, Permit, Record, Observe, Fetch, Reread:
		return Postgres
	case Submit, Lookup:
		return Broker
	case NoOp, OpCount:
		return NoStore
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

// String returns the party's name in scenario files.
func (s Store) String() string {
	switch s {
	case NoStore:
		return "none"
	case Redis:
		return "redis"
	case Postgres:
		return "postgres"
	case Broker:
		return "broker"
	default:
		return "store(?)"
	}
}
