package sim

import (
	"strconv"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// Whom tells which nodes a fault strikes.
type Whom uint8

// Those who may be struck.
const (
	OneNode   Whom = iota // Fault.Node
	TheLeader             // whoever was elected last, or Fault.Node before anybody was
	Followers
	Everyone
)

// Fault is one thing that befalls the world: a small flat value. It is carried
// out as the verb of a scenario.
type Fault struct {
	// At counts from the first election, as `at` does; Hold is for how long, and
	// zero for what is over at once. Both are in nanoseconds.
	At, Hold int64
	// Value is what else the kind needs to know: a delay, a number of deliveries,
	// a drift; its unit depends on the kind.
	Value int64
	Kind  FaultKind
	Whom  Whom
	Node  int16 // from zero
	// Store and Arrow are the link of a net fault; without a store the node is cut
	// off from all. Cut is the operation whose replies are lost.
	Store core.Store
	Arrow scenarios.Arrow
	Cut   core.Op
}

// String says what befalls whom, when, and for how long.
func (f Fault) String() string {
	text := scenarios.Length{Nanos: f.At}.String() + " " + f.Kind.String()
	if f.Kind == NoFault {
		return text
	}
	var v verbs
	switch verb := f.verb(&v).(type) {
	case *scenarios.Net:
		text += " " + verb.Link.String()
		if f.Kind == LinkCutReply {
			text += " of " + f.Cut.String()
		}
	default:
		if kinds[f.Kind].node && kinds[f.Kind].verb != "roll" {
			text += " " + f.party().String()
		}
	}
	if kinds[f.Kind].value != noValue {
		text += " " + f.valueText()
	}
	if f.Hold > 0 {
		text += " for " + scenarios.Length{Nanos: f.Hold}.String()
	}
	return text
}

// valueText is the value in its unit.
func (f Fault) valueText() string {
	switch kinds[f.Kind].value {
	case ofRate, ofBytes, ofCount:
		return strconv.FormatInt(f.Value, 10)
	case ofDrift:
		return scenarios.Percent(f.Value).String()
	case noValue, ofDelay, ofJump, ofShift, ofReach, ofPace:
		return scenarios.Length{Nanos: f.Value}.String()
	default:
		return ""
	}
}

// The sites of plans.
var (
	siteFaultGap   = tape.New("fault.gap", tape.World)
	siteFaultKind  = tape.New("fault.kind", tape.World)
	siteFaultWhom  = tape.New("fault.whom", tape.World)
	siteFaultLink  = tape.New("fault.link", tape.World)
	siteFaultHold  = tape.New("fault.hold", tape.World)
	siteFaultValue = tape.New("fault.value", tape.World)
)

// Plan says how faults are drawn: the parameters of DrawPlan. Lengths are in
// nanoseconds.
type Plan struct {
	Nodes int
	TTL   int64
	// From and Until bound the instants of the faults, counted from the first
	// election.
	From, Until        int64
	EveryMin, EveryMax int64 // between two faults
	HoldMin, HoldMax   int64 // how long one lasts
	// MaxActive is how many may stand at once; zero is no limit.
	MaxActive int
	// Protect leaves node 1 alone: its process, its clocks and its links.
	Protect bool
	// QuietEvery and QuietFor make windows in which nothing is broken.
	QuietEvery, QuietFor int64
	// Drift is the bound on the rate of clocks, in parts per million.
	Drift int64
	Mix   Mix
}

// DrawPlan draws the faults of one run and appends them, in the order in which
// they were drawn: by time, but for what undoes another, which follows it. A
// tape of zeros draws none.
func DrawPlan(t *tape.Tape, p *Plan, into []Fault) []Fault {
	if p.Mix.size == 0 || p.EveryMax <= 0 {
		return into
	}
	own := len(into)
	for at := p.From; ; {
		at += max(between(t.Draw(siteFaultGap, 0), p.EveryMin, p.EveryMax), 1)
		if at >= p.Until {
			return into
		}
		kind := p.Mix.draw(t.Draw(siteFaultKind, 0))
		if kind == NoFault || p.quiet(at) || p.crowded(into[own:], at) {
			continue
		}
		f := Fault{At: rounded(at), Kind: kind}
		if p.aim(t, &f) {
			p.size(t, &f)
			into = p.undo(append(into, f), f)
		}
	}
}

// quiet reports whether nothing may be broken then: no fault reaches into a
// quiet window.
func (p *Plan) quiet(at int64) bool {
	return p.QuietEvery > 0 && at%(p.QuietEvery+p.QuietFor) >= p.QuietEvery-p.HoldMax
}

// crowded reports whether as many faults stand at that instant as may.
func (p *Plan) crowded(faults []Fault, at int64) bool {
	if p.MaxActive == 0 {
		return false
	}
	standing := 0
	for i := len(faults) - 1; i >= 0 && faults[i].At+p.HoldMax > at; i-- {
		if faults[i].At+faults[i].Hold > at {
			standing++
		}
	}
	return standing >= p.MaxActive
}

// aim draws whom the fault strikes. It reports false if it may strike nobody.
func (p *Plan) aim(t *tape.Tape, f *Fault) bool {
	link := kinds[f.Kind].verb == "net"
	if !link && !kinds[f.Kind].node && kinds[f.Kind].verb != "webhook" && f.Kind != RedisSplit {
		return true
	}
	bits := t.Draw(siteFaultWhom, 0)
	first := 0
	if p.Protect && kinds[f.Kind].verb != "webhook" {
		first = 1
	}
	if first >= p.Nodes || p.Protect && kinds[f.Kind].verb == "roll" {
		return false
	}
	f.Node = int16(first + int(bits>>8%uint64(p.Nodes-first)))
	switch choice := bits & 63; {
	case choice&1 == 1:
		// One strike in two goes for the leader: that is where the danger is.
		f.Whom = TheLeader
	case choice == 62 && !p.Protect && f.Kind != RedisSetLease:
		f.Whom = Everyone
	case choice >= 58 && !p.Protect && f.Kind != RedisSetLease:
		f.Whom = Followers
	}
	if link {
		p.aimLink(t, f)
	}
	return true
}

// aimLink draws the link that a net fault damages.
func (p *Plan) aimLink(t *tape.Tape, f *Fault) {
	bits := t.Draw(siteFaultLink, 0)
	f.Store = [...]core.Store{
		core.Redis, core.Postgres, core.Redis, core.Postgres,
		core.Redis, core.Postgres, core.Broker, core.NoStore,
	}[bits&7]
	f.Arrow = [...]scenarios.Arrow{
		scenarios.Both, scenarios.Back, scenarios.Towards, scenarios.Both,
	}[bits>>3&3]
	if f.Kind != LinkCutReply {
		return
	}
	bits >>= 5
	f.Arrow = scenarios.Both
	switch f.Store {
	case core.Redis:
		f.Cut = [...]core.Op{core.Acquire, core.Renew, core.Release}[bits%3]
	case core.Postgres, core.NoStore:
		f.Store = core.Postgres
		f.Cut = [...]core.Op{
			core.TakeEpoch, core.Permit, core.Record, core.Heartbeat, core.Resign, core.Admit,
		}[bits%6]
	case core.Broker:
		f.Cut = [...]core.Op{core.Submit, core.Lookup}[bits%2]
	default:
	}
}

// size draws how long the fault lasts and how hard it strikes.
func (p *Plan) size(t *tape.Tape, f *Fault) {
	k := &kinds[f.Kind]
	if k.lasts {
		f.Hold = max(rounded(between(t.Draw(siteFaultHold, 0), p.HoldMin, p.HoldMax)), 1_000)
	}
	if k.value == noValue {
		return
	}
	bits := t.Draw(siteFaultValue, 0)
	switch k.value {
	case ofDelay:
		f.Value = rounded(between(bits, 1_000_000, p.TTL/4))
	case ofJump:
		f.Value = notZero(rounded(around(bits, 4*p.TTL)))
	case ofShift:
		f.Value = notZero(rounded(around(bits, p.TTL*9/10)))
	case ofReach:
		f.Value = max(rounded(between(bits, 0, p.TTL)), 1_000)
	case ofPace:
		f.Value = max(rounded(between(bits, p.TTL/20, p.TTL)), 1_000)
	case ofRate:
		f.Value = between(bits, 0, 20)
	case ofBytes:
		f.Value = between(bits, 200, 20_000)
	case ofDrift:
		f.Value = drift(bits, p.Drift)
	case ofCount:
		f.Value = between(bits, 1, 4)
	case noValue:
	default:
	}
}

// drift draws a rate within half the bound, so that any two clocks stay within
// it; one in 64 lies beyond the bound, up to five times.
func drift(bits uint64, bound int64) int64 {
	rate := notZero(around(bits>>6, bound/2))
	if bits&63 == 63 {
		return rate * 10
	}
	return rate
}

// undo appends what ends a fault that does not end by itself.
func (p *Plan) undo(faults []Fault, f Fault) []Fault {
	ends := Fault{At: min(f.At+f.Hold, p.Until-1)}
	switch f.Kind {
	case ControlPause, ControlHalt:
		ends.Kind = ControlRun
	case OperatorHold:
		ends.Kind = OperatorRelease
	case PostgresRewind:
		ends.Kind = OperatorClear
	default:
		return faults
	}
	return append(faults, ends)
}

// rounded makes a length one that people can read: whole milliseconds, or whole
// microseconds where it is short.
func rounded(length int64) int64 {
	const microsecond, millisecond = 1_000, 1_000_000
	if length < 20*millisecond && length > -20*millisecond {
		return length / microsecond * microsecond
	}
	return length / millisecond * millisecond
}

// notZero is for values of which zero would be no fault at all.
func notZero(value int64) int64 {
	if value == 0 {
		return 1_000
	}
	return value
}

// party is whom the fault strikes, in the words of the format.
func (f *Fault) party() scenarios.Party {
	switch f.Whom {
	case TheLeader:
		return scenarios.Party{Kind: scenarios.LeaderParty}
	case Followers:
		return scenarios.Party{Kind: scenarios.FollowersParty}
	case Everyone:
		return scenarios.Party{Kind: scenarios.AllParty}
	case OneNode:
		return scenarios.Party{Kind: scenarios.NodeParty, Index: int(f.Node) + 1}
	default:
		return scenarios.Party{}
	}
}

// settle makes the leader a node: the one that was elected last.
func (f *Fault) settle(leader int16, protect bool) {
	if f.Whom != TheLeader {
		return
	}
	f.Whom = OneNode
	if leader != history.None && (!protect || leader != 0) {
		f.Node = leader
	}
}
