package model

import (
	"time"

	"fencepost/core"
)

// PostgresConfig is what the ledger's operations are told beside the effect.
type PostgresConfig struct {
	// TTL decides which tenure is live, and is the length of a lease that is
	// kept in the ledger.
	TTL time.Duration
	// SendBy is the time from a permit to the attempt's send_by.
	SendBy time.Duration
	// CrashLoses is how far back a crash may lose heartbeats that were committed
	// in memory: three times wal_writer_delay, 600 ms, at a default server.
	CrashLoses time.Duration
	// Protocol is the range of protocol versions that the authority row admits at
	// first, the lowest in the upper half; zero admits every version.
	Protocol uint32
	// OneOpen lets one signal of an instrument be open at a time, exits before
	// entries.
	OneOpen bool
}

// Postgres is the ledger of one group. Each operation is one transaction; here
// it is one call. Ages are taken by the clock that is passed in, which stands
// for clock_timestamp().
//
// Rows of followers in instance_metadata are read by people alone; of the
// heartbeats only the holder's is kept, with the authority row.
type Postgres struct {
	cfg PostgresConfig
	out *Records

	authority Authority
	beats     beats
	// started is when the server came up, pg_postmaster_start_time(), or made its
	// memory anew after the death of a backend.
	started core.Time
	// lineage tells this server's data from another's and from its own other
	// pasts: system identifier and timeline in one number. lineages is how many
	// there have been.
	lineage  uint32
	lineages uint32
	// noted is the lineage that was seen last, zero if none was, and seen since
	// when it has been there.
	noted uint32
	seen  core.Time
	// fenceSeq is the sequence fence_seq, refusals the rows in fence_refusals.
	fenceSeq uint64
	refusals uint64
	tenures  []Tenure

	// signals is indexed by id; the first element is nobody's. byKey finds the
	// id of a key, firstOpen and lastOpen end the list of those not final.
	signals   []Signal
	attempts  []Attempt
	byKey     []core.SignalID
	firstOpen core.SignalID
	lastOpen  core.SignalID
}

// Authority is the row that says who may act.
type Authority struct {
	// Known tells that there is a row.
	Known bool
	Epoch core.Epoch
	Token core.Token
	Kind  core.TenureKind
	Open  bool
	// TakenAt is when the epoch was taken, BeatAt the holder's last heartbeat.
	TakenAt core.Time
	BeatAt  core.Time
	// LeaseUntil is the lease of a tenure of kind pg.
	LeaseUntil core.Time
	Control    core.Control
	// Accepted is how often a person has accepted this authority.
	Accepted uint32
	// Protocol is the range of protocol versions that may lead, the lowest in the
	// upper half; zero admits every version.
	Protocol uint32
}

// Tenure is a row of the leadership history.
type Tenure struct {
	Epoch    core.Epoch
	Token    core.Token
	Kind     core.TenureKind
	Open     bool
	Reason   core.Reason
	OpenedAt core.Time
	ClosedAt core.Time
	Seq      uint64
	// began is when the row was written, whatever the row says.
	began core.Time
}

// Signal is a row of the inbox. One whose State is NoSignal was lost.
type Signal struct {
	Key     int64
	Payload int64
	// Instrument stands for what is traded; Exit for a signal of type EXIT.
	Instrument int32
	Exit       bool
	State      core.SignalState
	// Alerted: a person has been told. Late: the broker spoke of an attempt that
	// had been declared void.
	Alerted    bool
	Late       bool
	Version    uint32
	Attempt    uint32 // the highest so far
	ValidUntil core.Time
	ReceivedAt core.Time

	newest         int32 // in attempts; none is -1
	earlier, later core.SignalID
}

// Attempt is an intent, and what came of it.
type Attempt struct {
	Signal core.SignalID
	Number uint32
	Epoch  core.Epoch
	Token  core.Token
	State  core.SignalState
	// Outcome is what was recorded last, Late what the broker said after the
	// attempt had been declared void.
	Outcome core.SignalState
	Late    core.SignalState
	SendBy  core.Time
	Seq     uint64

	older int32
}

// firstLineage is the lineage of a ledger that never lost anything.
const firstLineage = 1

// longUp is the start of a server that has always been up.
const longUp = core.Time(-1 << 62)

// Reset empties the ledger and keeps its memory. What it does from now on is
// told to out.
func (p *Postgres) Reset(cfg PostgresConfig, out *Records) {
	*p = Postgres{
		cfg: cfg, out: out, authority: Authority{Control: core.Run, Protocol: cfg.Protocol}, started: longUp,
		lineage: firstLineage, lineages: firstLineage,
		tenures: p.tenures[:0], signals: p.signals[:0], attempts: p.attempts[:0], byKey: p.byKey[:0],
	}
	p.signals = append(p.signals, Signal{newest: -1})
}

// Do carries out the effect's operation for the process that asks, at that
// instant of the database's clock, and writes the answer into reply.
func (p *Postgres) Do(now core.Time, e *core.Effect, asker core.Nonce, reply *Reply) {
	reply.count = 0
	switch e.Op {
	case core.Observe:
		p.observe(now, reply.next(core.AuthorityObserved))
	case core.Heartbeat:
		p.heartbeat(now, e, asker, reply)
	case core.TakeEpoch:
		p.takeEpoch(now, e, reply)
	case core.Resign:
		p.resign(now, e, reply)
	case core.Fetch:
		p.fetch(now, e, reply)
	case core.Permit:
		p.permit(now, e, reply)
	case core.Reread:
		p.reread(now, e, reply.next(core.AttemptRead))
	case core.Record:
		p.record(now, e, reply)
	case core.NoOp, core.Acquire, core.Renew, core.Release, core.Evict, core.Admit,
		core.Submit, core.Lookup, core.OpCount:
		assert(false, "a node asks the ledger for the ledger's operations")
	default:
		assert(false, "an operation has a known number")
	}
}

// nextSeq draws from fence_seq. Draws happen under the group's lock.
func (p *Postgres) nextSeq() uint64 {
	p.fenceSeq++
	return p.fenceSeq
}

// Lineage returns the server's system identifier and timeline as one number,
// never zero.
func (p *Postgres) Lineage() uint32 { return p.lineage }

// Authority returns the authority row.
func (p *Postgres) Authority() Authority { return p.authority }

// Control returns the control mode.
func (p *Postgres) Control() core.Control { return p.authority.Control }

// Tenures returns the leadership history in the order of writing. It is the
// ledger's own: the caller only reads it, before the next call.
func (p *Postgres) Tenures() []Tenure { return p.tenures }

// Refusals returns how many rows fence_refusals has.
func (p *Postgres) Refusals() uint64 { return p.refusals }

// LastSignal returns the greatest id that was ever given to a signal.
func (p *Postgres) LastSignal() core.SignalID { return core.SignalID(len(p.signals) - 1) }

// Row returns a signal's row; its State is NoSignal if there is none.
func (p *Postgres) Row(id core.SignalID) Signal {
	if s := p.signal(id); s != nil {
		return *s
	}
	return Signal{newest: -1}
}

// Signal returns a signal's state, its highest attempt, and whether a person
// has been told of it.
func (p *Postgres) Signal(id core.SignalID) (state core.SignalState, attempt uint32, alerted bool) {
	s := p.Row(id)
	return s.State, s.Attempt, s.Alerted
}

// AttemptRow returns the row of an attempt, and whether there is one.
func (p *Postgres) AttemptRow(id core.SignalID, number uint32) (Attempt, bool) {
	if s := p.signal(id); s != nil {
		if a := p.attempt(s, number); a != nil {
			return *a, true
		}
	}
	return Attempt{}, false
}

// signal returns the row of the id, or nil.
func (p *Postgres) signal(id core.SignalID) *Signal {
	if id <= 0 || int(id) >= len(p.signals) || p.signals[id].State == core.NoSignal {
		return nil
	}
	return &p.signals[id]
}

// attempt returns the signal's attempt of that number, or nil.
func (p *Postgres) attempt(s *Signal, number uint32) *Attempt {
	for i := s.newest; i >= 0; i = p.attempts[i].older {
		if p.attempts[i].Number == number {
			return &p.attempts[i]
		}
	}
	return nil
}

// newestAttempt returns the attempt with the highest number, or nil.
func (p *Postgres) newestAttempt(s *Signal) *Attempt {
	if s.newest < 0 {
		return nil
	}
	return &p.attempts[s.newest]
}
