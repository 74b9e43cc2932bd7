package store

import (
	"time"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/internal/identity"
)

// Historian puts the audit's rows into the words of the checkers, with the fields and in the order in which
// sim/model tells of the same. All records of one transaction bear one instant, its end: transactions
// overlap, so that a caller sorts what it is told by time, stably. What happens in the ledger without a row
// cannot be told: a permit that was refused for the mode or the signal's state, and a refusal that was not
// logged.
type Historian struct {
	clock  func(int64) int64
	nodeOf func(core.Nonce) int16
	list   []history.Record

	authority AuthorityRow
	takenBy   uint64 // the transaction of the last takeover
	reigns    map[core.Nonce]reign
	opened    map[int64]Row // by epoch: the row that opened the tenure
	beats     map[string]time.Time
	book      signalBook
	attempts  map[attemptKey]AttemptRow
}

// reign is the youngest tenure of a process.
type reign struct {
	epoch core.Epoch
	token core.Token
}

// attemptKey names an attempt in the ledger.
type attemptKey struct{ signal, number int64 }

// NewHistorian begins with an empty ledger. Clock translates an instant of the database's wall clock into
// one of the run, both in nanoseconds; nodeOf returns the number of the node that a process runs on,
// history.None if it is nobody's.
func NewHistorian(clock func(int64) int64, nodeOf func(core.Nonce) int16) *Historian {
	return &Historian{
		clock: clock, nodeOf: nodeOf, reigns: map[core.Nonce]reign{}, opened: map[int64]Row{},
		beats: map[string]time.Time{}, book: newSignalBook(), attempts: map[attemptKey]AttemptRow{},
	}
}

// Tell returns what the rows mean, which follow those of the last call.
func (h *Historian) Tell(rows []Row) []history.Record {
	h.list = nil
	for i := range rows {
		row := &rows[i]
		switch {
		case row.Op == "DELETE":
			// Only rows of processes that fell silent are ever deleted.
		case row.Authority != nil:
			h.tellAuthority(row)
		case row.Tenure != nil:
			h.tellTenure(row)
		case row.Signal != nil:
			h.tellSignal(row)
		case row.Attempt != nil:
			h.tellAttempt(row)
		case row.Refusal != nil:
			h.tellRefusal(row)
		case row.Control != nil:
			mode, _ := core.ParseControl(row.Control.Mode)
			seen := h.add(history.ControlSet, row.Ended, core.Token{})
			seen.Control, seen.Seq = mode, uint64(row.Control.FenceSeq)
		case row.Acceptance != nil:
			seen := h.add(history.AuthorityAccepted, row.Ended, core.Token{})
			seen.Epoch = core.Epoch(row.Acceptance.EpochLeft)
		case row.Instance != nil:
			h.tellInstance(row)
		}
	}
	return h.list
}

// add returns a new record about a process, or about none.
func (h *Historian) add(kind history.Kind, at int64, about core.Token) *history.Record {
	node := history.None
	if about.Nonce != 0 {
		node = h.nodeOf(about.Nonce)
	}
	h.list = append(h.list, history.Record{
		Kind: kind, At: h.clock(at), Token: about, Node: node, Subject: history.None,
	})
	return &h.list[len(h.list)-1]
}

// current is the authority's epoch.
func (h *Historian) current() core.Epoch { return core.Epoch(h.authority.Epoch) }

// tellAuthority tells of a takeover. That a tenure was closed is told from the history, which says why.
func (h *Historian) tellAuthority(row *Row) {
	a := row.Authority
	taken := a.Epoch != h.authority.Epoch && a.Open
	h.authority = *a
	if !taken {
		return // raised to an epoch that was lost, closed, or another column changed
	}
	token := identity.Read(a.Token)
	h.takenBy = row.Tx
	h.reigns[token.Nonce] = reign{epoch: core.Epoch(a.Epoch), token: token}
	seen := h.add(history.TenureOpened, row.Ended, token)
	seen.Epoch, seen.Seq = core.Epoch(a.Epoch), uint64(a.FenceSeq)
	if a.Kind == core.TenurePG.String() {
		seen.Tenure = core.TenurePG
	}
}

// tellTenure tells of a tenure that ended.
func (h *Historian) tellTenure(row *Row) {
	t := row.Tenure
	if row.Op == "INSERT" {
		h.opened[t.Epoch] = *row
		return // those that were lost begin closed, and nobody led
	}
	if t.EndedAt == nil {
		return
	}
	token := identity.Read(t.Token)
	reason := core.NoReason
	if t.EndReason != nil {
		reason, _ = core.ParseReason(*t.EndReason)
	}
	if reason != core.Superseded && reason != core.Lost {
		seen := h.add(history.EffectAccepted, row.Ended, token)
		seen.Op, seen.Epoch, seen.Current = core.Resign, core.Epoch(t.Epoch), h.current()
	}
	seen := h.add(history.TenureEnded, row.Ended, token)
	seen.Epoch, seen.Reason = core.Epoch(t.Epoch), reason
	if t.ReleaseFenceSeq != nil {
		seen.Seq = uint64(*t.ReleaseFenceSeq)
	}
	seen.Span = int64(t.EndedAt.Sub(t.BeganAt))
	seen.Until = h.lasted(row, seen.Span)
}

// lasted returns how long the tenure really was. The ledger reads the clock somewhere between the beginning
// and the end of a transaction, so the audit knows two bounds; what the history says is right if it lies
// between.
func (h *Historian) lasted(closed *Row, span int64) int64 {
	opened, ok := h.opened[closed.Tenure.Epoch]
	if !ok {
		return span // opened before the audit
	}
	return min(max(span, closed.Began-opened.Ended), closed.Ended-opened.Began)
}

// tellAttempt tells of a permit, and of an attempt that is void.
func (h *Historian) tellAttempt(row *Row) {
	a := row.Attempt
	key := attemptKey{a.Signal, a.Number}
	before, known := h.attempts[key]
	h.attempts[key] = *a
	signal := h.book.named(a.Signal)
	if !known || a.FenceSeq != before.FenceSeq {
		seen := h.add(history.Permitted, row.Ended, identity.Read(a.Token))
		seen.Epoch, seen.Seq, seen.Current = core.Epoch(a.Epoch), uint64(a.FenceSeq), h.current()
		seen.Signal, seen.Attempt = signal, uint32(a.Number)
	}
	if void := core.Void.String(); a.State == void && before.State != void {
		seen := h.add(history.Voided, row.Ended, core.Token{})
		seen.Signal, seen.Attempt = signal, uint32(a.Number)
	}
}

// tellRefusal tells of what the fence refused.
func (h *Historian) tellRefusal(row *Row) {
	r := row.Refusal
	seen := h.add(history.EffectRefused, row.Ended, identity.Read(r.Token))
	seen.Op, _ = core.ParseOp(r.Op)
	seen.Reason, _ = core.ParseReason(r.Reason)
	seen.Epoch, seen.Current, seen.Logged = core.Epoch(r.Epoch), core.Epoch(r.CurrentEpoch), true
	if r.Signal != nil {
		seen.Signal = h.book.named(*r.Signal)
	}
}

// tellInstance tells of a leader's heartbeat. The row does not say under which epoch: under the youngest that
// the process has taken.
func (h *Historian) tellInstance(row *Row) {
	i := row.Instance
	who := i.Instance + "|" + i.Nonce
	before, known := h.beats[who]
	h.beats[who] = i.LastHeartbeat
	_, token, err := identity.Parse(who + "|1")
	r, led := h.reigns[token.Nonce]
	switch {
	case err != nil || !led || !i.IsLeader || i.Status != "leader":
		return // a follower's
	case known && before.Equal(i.LastHeartbeat):
		return // another column changed
	case row.Tx == h.takenBy:
		return // a takeover counts as one, and is told of as what it is
	}
	h.add(history.HeartbeatSet, row.Ended, r.token).Epoch = r.epoch
	seen := h.add(history.EffectAccepted, row.Ended, r.token)
	seen.Op, seen.Epoch, seen.Current = core.Heartbeat, r.epoch, h.current()
}

// tellSignal tells of a signal that was stored, or moved.
func (h *Historian) tellSignal(row *Row) {
	s := row.Signal
	if row.Op == "INSERT" {
		id := h.book.enter(s)
		h.stored(row.Ended, id, s)
		if s.State != core.Received.String() {
			h.stateSet(row.Ended, id, s)
		}
		return
	}
	id := h.book.named(s.ID)
	if before, known := h.book.rows[id]; known && before.moved(s) {
		h.stateSet(row.Ended, id, s)
	}
	h.book.rows[id] = *s
}

// stored tells of a signal's row.
func (h *Historian) stored(at int64, id core.SignalID, s *SignalRow) {
	seen := h.add(history.Stored, at, core.Token{})
	seen.Signal, seen.Instrument, seen.Exit = id, h.book.instrument(s.Instrument), s.Type == "EXIT"
	if s.ValidUntil != nil {
		seen.Span = int64(s.ValidUntil.Sub(s.ReceivedAt))
	}
}

// moved reports whether the signal went on from what it was.
func (s SignalRow) moved(next *SignalRow) bool {
	return s.State != next.State || s.Version != next.Version || s.Attempt != next.Attempt
}

// stateSet tells what a signal has become.
func (h *Historian) stateSet(at int64, id core.SignalID, s *SignalRow) {
	seen := h.add(history.StateSet, at, core.Token{})
	seen.State, _ = core.ParseSignalState(s.State)
	seen.Signal, seen.Attempt, seen.Alerted = id, uint32(s.Attempt), s.AlertedAt != nil
}
