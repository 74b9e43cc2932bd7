package pgledger

import (
	"errors"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/internal/access"
	"fencepost/internal/identity"
)

// Options says which ledger to use, for whom, and within which limits.
type Options struct {
	// DSN is the address of the database, as a URL or in keyword form. Its
	// search_path, if any, names the schema the ledger lives in.
	DSN string
	// Access is what it takes to enter beside the address.
	Access access.Postgres
	// Group is the cluster's name; instances of one group elect one leader.
	Group string
	// Instance is this process's instance id and Nonce its process nonce. Both
	// may be left out by whoever only reads or sets the control mode.
	Instance string
	Nonce    core.Nonce
	// Hostname, Port and Version describe the process to people.
	Hostname string
	Port     int
	Version  string
	// TTL is the lease's length: how long a tenure of kind pg lasts without a
	// heartbeat, and how old one of kind redis may look and still be live.
	TTL time.Duration
	// SendBy is the time from a permit's grant within which its order may be
	// sent.
	SendBy time.Duration
	// OneOpen lets one signal of an instrument be open at a time, exits before
	// entries. It is the same on every instance of the group.
	OneOpen bool
	// Window is how many of the oldest signals that were received a list looks at
	// before it searches all instruments: 128 if it is zero.
	Window int
	// Conns is how many connections signals, webhooks and readings share.
	// Leadership has LeadershipConns of its own, so that it never waits for
	// them.
	Conns int32
	// Groups is how many groups will share the connections (Beside); one if it is
	// zero. Leadership has the more of its own, and Conns is for all.
	Groups int
	// Limits bound every call.
	Limits Limits
}

// LeadershipConns is how many connections are kept apart for heartbeats,
// readings of the authority, takeovers and closings: two for what a group asks at
// once, and one to spare.
const LeadershipConns = 3

// leadershipConns is LeadershipConns for as many groups.
func (o Options) leadershipConns() int32 { return LeadershipConns + 2*int32(max(o.Groups, 1)-1) }

// Limits bound the calls of a ledger. The server's are set inside each
// transaction, so that they hold behind a transaction pooler too.
type Limits struct {
	// Connect bounds a new connection, and eight times as much after others were
	// given up for lack of time; Ping bounds the test of an idle one.
	Connect time.Duration
	Ping    time.Duration
	// Read bounds each single read and write on a connection. It must exceed
	// Statement, and it is what ends the draining of a cut connection.
	Read time.Duration
	// Statement and Lock are the server's limits for one statement and for one
	// wait for a lock; Idle is how long the server keeps the locks of a client
	// that stopped in the middle.
	Statement time.Duration
	Lock      time.Duration
	Idle      time.Duration
	// Call bounds a call whose context has no earlier deadline.
	Call time.Duration
}

// LimitsFor returns the limits for a protocol that waits so long for a store:
// the server must not end what the node still waits for. They are never below
// the default ones.
func LimitsFor(storeTimeout time.Duration) Limits {
	l := DefaultLimits()
	l.Statement = max(l.Statement, storeTimeout*8/10)
	l.Lock = max(l.Lock, storeTimeout*6/10)
	l.Read = max(l.Read, storeTimeout)
	l.Call = max(l.Call, storeTimeout)
	return l
}

// DefaultLimits returns the limits that were found to recover fastest from a
// link that went silent.
func DefaultLimits() Limits {
	return Limits{
		Connect:   500 * time.Millisecond,
		Ping:      250 * time.Millisecond,
		Read:      time.Second,
		Statement: 400 * time.Millisecond,
		Lock:      300 * time.Millisecond,
		Idle:      time.Second,
		Call:      2 * time.Second,
	}
}

// DefaultConns is how many connections signals and readings share by default.
const DefaultConns = 8

// withDefaults fills in what was left out.
func (o Options) withDefaults() Options {
	if o.Group == "" {
		o.Group = "default"
	}
	if o.Window == 0 {
		o.Window = 128
	}
	if o.Conns == 0 {
		o.Conns = DefaultConns
	}
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.TTL == 0 {
		o.TTL = core.DefaultTTL
	}
	if o.SendBy == 0 {
		o.SendBy = o.TTL / 4
	}
	return o
}

// validate says everything that is wrong with the options.
func (o Options) validate() error {
	var faults []error
	if o.Conns < 1 {
		faults = append(faults, fmt.Errorf("postgres connections %d: at least 1", o.Conns))
	}
	if o.Window < 1 {
		faults = append(faults, fmt.Errorf("window %d: at least 1", o.Window))
	}
	if (o.Instance == "") != (o.Nonce == 0) {
		faults = append(faults, errors.New("instance id and nonce: set both or neither"))
	}
	if o.Instance != "" {
		if err := identity.CheckInstanceID(o.Instance); err != nil {
			faults = append(faults, err)
		}
	}
	if o.TTL < 0 || o.SendBy < 0 {
		faults = append(faults, fmt.Errorf("ttl %v and send_by %v: must be positive", o.TTL, o.SendBy))
	}
	l := o.Limits
	for _, limit := range []struct {
		name  string
		value time.Duration
	}{
		{"connect", l.Connect},
		{"ping", l.Ping},
		{"read", l.Read},
		{"statement", l.Statement},
		{"lock", l.Lock},
		{"idle", l.Idle},
		{"call", l.Call},
	} {
		if limit.value < time.Millisecond {
			faults = append(faults, fmt.Errorf("postgres limit %s %v: at least 1ms", limit.name, limit.value))
		}
	}
	if l.Read <= l.Statement {
		faults = append(faults,
			fmt.Errorf("postgres limit read %v: must exceed statement %v", l.Read, l.Statement))
	}
	return errors.Join(faults...)
}
