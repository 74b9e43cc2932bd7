package sim

import (
	"slices"

	"fencepost/core"
	"fencepost/core/check"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// Mark is one named *sometimes* point: something that must happen in some run,
// or the search is blind there.
type Mark struct {
	Name string
	// Demanded marks are hit in every large campaign; one that is not is a
	// failure of the search. The others say how far it got.
	Demanded bool
}

// Marks counts how often each point was hit, in the order of AllMarks. The zero
// value is ready; the sum over many runs is made with Add.
type Marks [MarkTotal]uint64

// Add adds the counts of another run.
func (m *Marks) Add(other *Marks) {
	for i, n := range other {
		m[i] += n
	}
}

// The sizes of the families. States and reasons leave room for further ones; a
// test tells when it is used up.
const (
	markedRoles   = int(core.Draining) + 1
	markedStates  = int(core.Void) + 1
	markedReasons = 32
	markedParties = int(refusedByGate) + 1
	markedTenures = int(core.TenurePG) + 1
)

// The families of marks, one after the other.
const (
	fromRoles    = 0
	fromArrows   = fromRoles + markedRoles*markedRoles
	fromRefusals = fromArrows + markedStates*markedStates
	fromTenures  = fromRefusals + markedParties*markedReasons
	fromEvents   = fromTenures + markedTenures
	fromWords    = fromEvents + event.Total
	fromCuts     = fromWords + len(markedWords)
	fromChecks   = fromCuts + int(core.Lookup) + 1
	fromPairs    = fromChecks + check.MarkTotal
	// MarkTotal is the number of marks.
	MarkTotal = fromPairs + markedRoles*int(core.InputKindTotal)
)

// refuser is who said no, and to what.
type refuser uint8

const (
	refusedPermit refuser = iota
	refusedHeartbeat
	refusedClosing
	refusedByGate
)

var refuserNames = [markedParties]string{
	"permit refused", "heartbeat refused", "closing refused", "gate shut",
}

// roleChanges are the changes of role that the protocol knows (PROTOCOL 4.2).
var roleChanges = [][2]core.Role{
	{core.Follower, core.Candidate},
	{core.Candidate, core.Leader},
	{core.Candidate, core.Follower},
	{core.Leader, core.Draining},
	{core.Draining, core.Follower},
}

// arrows are the ways of a signal from state to state (PROTOCOL 5.2).
var arrows = [][2]core.SignalState{
	{core.Received, core.Submitting},
	{core.Received, core.Held},
	{core.Received, core.Expired},
	{core.Received, core.Rejected},
	{core.Received, core.Cancelled},
	{core.Held, core.Received},
	{core.Held, core.Expired},
	{core.Held, core.Cancelled},
	{core.Submitting, core.Submitted},
	{core.Submitting, core.Executed},
	{core.Submitting, core.Rejected},
	{core.Submitting, core.Cancelled},
	{core.Submitting, core.InDoubt},
	{core.Submitting, core.Received},
	{core.Submitted, core.Executed},
	{core.Submitted, core.Rejected},
	{core.Submitted, core.Cancelled},
	{core.InDoubt, core.Submitted},
	{core.InDoubt, core.Executed},
	{core.InDoubt, core.Rejected},
	{core.InDoubt, core.Cancelled},
	{core.InDoubt, core.Received},
	{core.InDoubt, core.Submitting},
}

// refusals are the reasons that each refuser has.
var refusals = [markedParties][]core.Reason{
	refusedPermit:    {core.Superseded, core.TenureClosed, core.ControlMode, core.StateChanged},
	refusedHeartbeat: {core.Superseded, core.TenureClosed},
	refusedClosing:   {core.Superseded},
	refusedByGate:    {core.NoBelief, core.GateDeadline, core.ControlMode},
}

// markedWords are the verbs of the format with what they do. The words of one
// verb stand together.
var markedWords = [...][2]string{
	{"kill", ""},
	{"stop", ""},
	{"pause", ""},
	{"net", "drop"},
	{"net", "hold"},
	{"net", "refuse"},
	{"net", "reset"},
	{"net", "latency"},
	{"net", "bandwidth"},
	{"net", "flap"},
	{"net", "cut_reply"},
	{"clock", "jump"},
	{"clock", "drift"},
	{"clock", "suspend"},
	{"redis", "restart"},
	{"redis", "lose_data"},
	{"redis", "failover"},
	{"redis", "split"},
	{"redis", "flush"},
	{"redis", "stall"},
	{"redis", "shift_ttl"},
	{"redis", "set_lease"},
	{"postgres", "restart"},
	{"postgres", "crash"},
	{"postgres", "stall"},
	{"postgres", "slow"},
	{"postgres", "read_only"},
	{"postgres", "kill_backends"},
	{"postgres", "hang_postmaster"},
	{"postgres", "exhaust"},
	{"postgres", "lock_rows"},
	{"postgres", "rewind"},
	{"broker", "accept_then_silence"},
	{"broker", "late"},
	{"broker", "duplicate_ack"},
	{"broker", "reject"},
	{"broker", "down"},
	{"broker", "wrong_status"},
	{"webhook", "burst"},
	{"webhook", "replay"},
	{"webhook", "duplicate"},
	{"webhook", "malformed"},
	{"control", "run"},
	{"control", "pause"},
	{"control", "halt"},
	{"operator", "attest"},
	{"operator", "clear"},
	{"operator", "hold"},
	{"operator", "release"},
	{"operator", "cancel"},
	{"operator", "reject"},
	{"roll", "graceful"},
	{"roll", "kill"},
}

// AllMarks lists every mark in the order of Marks.
func AllMarks() []Mark {
	all := make([]Mark, MarkTotal)
	square(all[fromRoles:], "role: ", " -> ", roleName, markedRoles, roleName, markedRoles)
	square(all[fromArrows:], "signal: ", " -> ", stateName, markedStates, stateName, markedStates)
	square(all[fromRefusals:], "", ": ", refuserName, markedParties, reasonName, markedReasons)
	for kind := range markedTenures {
		all[fromTenures+kind] = Mark{"tenure: " + core.TenureKind(kind).String(), true}
	}
	for e := range event.Total {
		all[fromEvents+e] = Mark{"event: " + event.Event(e).String(), event.Event(e) != event.None}
	}
	for i, word := range markedWords {
		all[fromWords+i] = Mark{wordName(word), true}
	}
	for op := range int(core.Lookup) + 1 {
		all[fromCuts+op] = Mark{"net cut_reply: " + core.Op(op).String(), core.Op(op) != core.NoOp}
	}
	for i := range check.MarkTotal {
		all[fromChecks+i] = Mark{"check: " + check.Mark(i).String(), true}
	}
	square(all[fromPairs:], "input: ", ", ", roleName, markedRoles, inputName, int(core.InputKindTotal))
	demand(all)
	return all
}

// square names the marks of every pair.
func square(all []Mark, head, between string, first func(int) string, rows int, second func(int) string,
	columns int,
) {
	for i := range rows {
		for k := range columns {
			all[i*columns+k].Name = head + first(i) + between + second(k)
		}
	}
}

func roleName(i int) string    { return core.Role(i).String() }
func stateName(i int) string   { return core.SignalState(i).String() }
func reasonName(i int) string  { return core.Reason(i).String() }
func inputName(i int) string   { return core.InputKind(i).String() }
func refuserName(i int) string { return refuserNames[i] }

// demand sets what must be hit of the families that are square.
func demand(all []Mark) {
	for _, c := range roleChanges {
		all[fromRoles+int(c[0])*markedRoles+int(c[1])].Demanded = true
	}
	for _, a := range arrows {
		all[fromArrows+int(a[0])*markedStates+int(a[1])].Demanded = true
	}
	for by, reasons := range refusals {
		for _, reason := range reasons {
			all[fromRefusals+by*markedReasons+int(reason)].Demanded = true
		}
	}
}

// wordName is how a mark of the format's words is called.
func wordName(word [2]string) string {
	if word[1] == "" {
		return "verb: " + word[0]
	}
	return "verb: " + word[0] + " " + word[1]
}

// marker counts the marks of one run.
type marker struct {
	hits Marks
	// states is where each signal stood when it was last seen.
	states []core.SignalState
	// restored is when a ledger last went back in time: what stands otherwise
	// then has drawn no arrow.
	restored int64
}

// reset begins a new run and keeps the memory.
func (m *marker) reset() { *m = marker{states: m.states[:0], restored: -1} }

// stepped counts an input to a node in that role.
func (m *marker) stepped(role core.Role, kind core.InputKind) {
	m.hits[fromPairs+int(role)*int(core.InputKindTotal)+int(kind)]++
}

// changedRole counts a node's change of role.
func (m *marker) changedRole(was, is core.Role) {
	m.hits[fromRoles+int(was)*markedRoles+int(is)]++
}

// observe counts what a record says.
func (m *marker) observe(r *history.Record) {
	switch r.Kind {
	case history.Announced:
		if r.Event == event.PermitRefused && r.By == core.Gate {
			m.refused(refusedByGate, r.Reason)
		}
	case history.Stored:
		*m.state(r.Signal) = core.Received
	case history.StateSet:
		state := m.state(r.Signal)
		if *state != r.State && r.At != m.restored {
			m.hits[fromArrows+int(*state)*markedStates+int(r.State)]++
		}
		*state = r.State
	case history.Missing:
		*m.state(r.Signal) = core.NoSignal
	case history.FaultBegan:
		if r.Fault == history.PostgresLoss {
			m.restored = r.At
		}
	case history.EffectRefused:
		m.observeRefusal(r)
	case history.TenureOpened:
		m.hits[fromTenures+int(r.Tenure)]++
	default:
	}
}

// observeRefusal counts what the ledger refused.
func (m *marker) observeRefusal(r *history.Record) {
	switch r.Op {
	case core.Permit:
		m.refused(refusedPermit, r.Reason)
	case core.Heartbeat:
		m.refused(refusedHeartbeat, r.Reason)
	case core.Resign:
		m.refused(refusedClosing, r.Reason)
	default:
	}
}

// refused counts one refusal.
func (m *marker) refused(by refuser, reason core.Reason) {
	m.hits[fromRefusals+int(by)*markedReasons+int(reason)]++
}

// state is where the signal stood.
func (m *marker) state(id core.SignalID) *core.SignalState {
	for int(id) >= len(m.states) {
		m.states = append(m.states, core.NoSignal)
	}
	return &m.states[id]
}

// struck counts a verb that was carried out, by the number that wordOf gave it.
// Cut is the operation whose replies are lost, if it is that.
func (m *marker) struck(word int, cut core.Op) {
	if word >= 0 {
		m.hits[fromWords+word]++
	}
	if cut != core.NoOp {
		m.hits[fromCuts+int(cut)]++
	}
}

// cutOf returns the operation whose replies the verb loses, if it loses any.
func cutOf(verb scenarios.Verb) core.Op {
	if v, ok := verb.(scenarios.Net); ok && v.Effect == scenarios.CutReply {
		return v.On
	}
	return core.NoOp
}

// wordOf returns the number of the verb's mark, or -1 if it has none.
func wordOf(verb scenarios.Verb) int {
	act := ""
	switch v := verb.(type) {
	case scenarios.Net:
		act = string(v.Effect)
	case scenarios.Clock:
		act = clockAct(v)
	case scenarios.Redis:
		act = string(v.Act)
	case scenarios.Postgres:
		act = string(v.Act)
	case scenarios.Broker:
		act = string(v.Act)
	case scenarios.Webhook:
		act = string(v.Act)
	case scenarios.Control:
		act = v.Set.String()
	case scenarios.Operator:
		act = string(v.Act)
	case scenarios.Roll:
		act = string(v.How)
	default:
	}
	return slices.Index(markedWords[:], [2]string{verb.Word(), act})
}

// clockAct names what befalls a clock.
func clockAct(v scenarios.Clock) string {
	switch {
	case !v.Jump.IsZero():
		return "jump"
	case !v.Drift.IsZero():
		return "drift"
	default:
		return "suspend"
	}
}

// finish takes what others have counted, and returns all of the run's.
func (m *marker) finish(events *[event.Total]int64, checks *check.Marks) *Marks {
	for e, n := range events {
		m.hits[fromEvents+e] = uint64(n)
	}
	copy(m.hits[fromChecks:fromPairs], checks[:])
	return &m.hits
}
