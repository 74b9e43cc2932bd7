package sim

import (
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// The sites of the nemesis.
var (
	siteFaultGap  = tape.New("fault.gap", tape.World)
	siteFaultKind = tape.New("fault.kind", tape.World)
)

// nemesis draws faults at random beside the steps.
type nemesis struct {
	everyMin, everyMax int64
	holdMin, holdMax   int64
	maxActive          int
	protect            bool
	quietEvery         int64
	quietFor           int64
	kinds              []nemesisKind // one entry for each unit of weight
}

// nemesisKind is one sort of fault that the nemesis knows.
type nemesisKind uint8

// The sorts.
const (
	strikeKill nemesisKind = iota
	strikeStop
	strikePauseNode
	strikeLinkDrop
	strikeLinkHold
	strikeLinkLatency
	strikeLinkCut
	strikeLinkRefuse
	strikeRedisDown
	strikeRedisLoss
	strikeRedisStall
	strikePostgresDown
	strikePostgresStall
	strikePostgresSlow
	strikeBrokerDown
	strikeClockJump
)

// sortsOf are the sorts that a verb's weight is spread over.
var sortsOf = map[string][]nemesisKind{
	"kill":  {strikeKill},
	"stop":  {strikeStop},
	"pause": {strikePauseNode},
	"net": {
		strikeLinkDrop, strikeLinkHold, strikeLinkLatency, strikeLinkCut, strikeLinkRefuse,
	},
	"redis":    {strikeRedisDown, strikeRedisLoss, strikeRedisStall},
	"postgres": {strikePostgresDown, strikePostgresStall, strikePostgresSlow},
	"broker":   {strikeBrokerDown},
	"clock":    {strikeClockJump},
}

// nemesisVerbs lists the verbs in a fixed order.
var nemesisVerbs = []string{"kill", "stop", "pause", "net", "redis", "postgres", "broker", "clock"}

// compileNemesis resolves the file's nemesis. A verb that it cannot draw is
// refused if the file names it; the default weights leave it out.
func compileNemesis(s *scenarios.Scenario, named bool) (*nemesis, error) {
	v, ttl := s.Nemesis, s.TTL()
	n := &nemesis{
		maxActive: v.MaxActive, protect: v.Protect == scenarios.ProtectOneNode,
		quietEvery: v.QuietEvery.Resolve(ttl), quietFor: v.QuietFor.Resolve(ttl),
	}
	n.everyMin, n.everyMax = v.Every.Resolve(ttl)
	n.holdMin, n.holdMax = v.Hold.Resolve(ttl)
	for _, weight := range v.Weights {
		sorts := sortsOf[weight.Verb]
		if len(sorts) == 0 {
			if !named {
				continue
			}
			return nil, s.Refuse(s.Place.Of("nemesis.weights"), weight.Verb, nemesisVerbs,
				"the simulator's nemesis cannot draw "+weight.Verb+" yet")
		}
		for range weight.Weight {
			n.kinds = append(n.kinds, sorts...)
		}
	}
	return n, nil
}

// struck is one fault of the nemesis that stands.
type struck struct {
	kind  nemesisKind
	node  int16
	store core.Store
	dirs  [ways]bool
	value int64
	live  bool
}

// startNemesis plans the first fault.
func (w *World) startNemesis() {
	if n := w.program.nemesis; n != nil && len(n.kinds) > 0 {
		w.planNemesis(n)
	}
}

// planNemesis draws when the next fault comes.
func (w *World) planNemesis(n *nemesis) {
	w.schedule(nemesisStrikes, between(w.draw(siteFaultGap, 0), n.everyMin, n.everyMax), -1)
}

// nemesisTurn begins a fault, or ends the one with that index.
func (w *World) nemesisTurn(index int32) {
	if index >= 0 {
		w.healStruck(index)
		return
	}
	n := w.program.nemesis
	if w.ended {
		return
	}
	w.planNemesis(n)
	if w.quiet(n) || w.liveStruck >= n.maxActive {
		return
	}
	bits := w.draw(siteFaultKind, 0)
	f := struck{kind: n.kinds[bits%uint64(len(n.kinds))], live: true}
	f.node = int16(bits >> 8 % uint64(len(w.hosts)))
	if n.protect && f.node == 0 {
		f.node = int16(len(w.hosts) - 1)
	}
	// One strike in two goes for the leader: that is where the danger is.
	if bits>>16&1 == 1 && w.leader >= 0 && (!n.protect || w.leader != 0) {
		f.node = w.leader
	}
	f.store = [...]core.Store{core.Redis, core.Postgres, core.Redis, core.Postgres, core.Broker}[bits>>20%5]
	f.dirs = [...][ways]bool{{true, true}, {false, true}, {true, false}, {true, true}}[bits>>24&3]
	hold := between(scramble(bits^1), n.holdMin, n.holdMax)
	at := int32(len(w.struck))
	w.struck = append(w.struck, f)
	w.liveStruck++
	w.strikeOne(at, &w.struck[at], bits)
	w.traceStruck(at, true)
	w.schedule(nemesisStrikes, hold, at)
}

// quiet reports whether nothing may be broken now.
func (w *World) quiet(n *nemesis) bool {
	return n.quietEvery > 0 && w.now%(n.quietEvery+n.quietFor) >= n.quietEvery-n.holdMax
}

// stepOf marks the damage of a strike, apart from that of the file's steps.
func stepOf(index int32) int32 { return -1 - index }

// strikeOne carries a strike out.
func (w *World) strikeOne(index int32, f *struck, bits uint64) {
	switch f.kind {
	case strikeKill, strikeStop:
		w.hosts[f.node].downs++
		w.fault(history.NodeFault, true, f.node)
		w.endProcess(f.node, f.kind == strikeKill)
	case strikePauseNode:
		w.fault(history.NodeFault, true, f.node)
		w.pause(f.node)
	case strikeLinkDrop, strikeLinkHold, strikeLinkLatency, strikeLinkCut, strikeLinkRefuse:
		w.strikeLink(index, f, bits)
	case strikeRedisDown, strikeRedisLoss, strikeRedisStall:
		w.fault(history.RedisFault, true, history.None)
		if f.kind == strikeRedisLoss {
			w.redisLost(func() { w.redis.Flush(core.Time(w.now)) })
		}
		w.setServer(core.Redis, func(s *server) { *downOrStall(s, f.kind == strikeRedisStall)++ })
	case strikePostgresDown, strikePostgresStall:
		w.fault(history.PostgresFault, true, history.None)
		if f.kind == strikePostgresDown {
			w.postgres.Crash(core.Time(w.now))
			w.drain()
		}
		w.setServer(core.Postgres, func(s *server) { *downOrStall(s, f.kind == strikePostgresStall)++ })
	case strikePostgresSlow:
		w.fault(history.PostgresFault, true, history.None)
		f.value = between(scramble(bits^2), 1_000_000, w.program.ttl/5)
		w.setServer(core.Postgres, func(s *server) { s.slow += f.value })
	case strikeBrokerDown:
		w.fault(history.BrokerFault, true, history.None)
		w.setServer(core.Broker, func(s *server) { s.down++ })
	case strikeClockJump:
		w.fault(history.ClockJump, true, f.node)
		f.value = between(scramble(bits^2), -w.program.ttl*4, w.program.ttl*4)
		w.hosts[f.node].clock.jump(f.value)
		w.fault(history.ClockJump, false, f.node)
	default:
		panic("sim: the nemesis knows its own strikes")
	}
}

// downOrStall picks the counter that a strike on a server raises.
func downOrStall(s *server, stall bool) *int32 {
	if stall {
		return &s.stalls
	}
	return &s.down
}

// strikeLink damages one link of one node.
func (w *World) strikeLink(index int32, f *struck, bits uint64) {
	d := damage{step: stepOf(index)}
	switch f.kind {
	case strikeLinkDrop:
		d.effect = scenarios.Drop
	case strikeLinkHold:
		d.effect = scenarios.Hold
	case strikeLinkLatency:
		d.effect, d.delay = scenarios.Latency, between(scramble(bits^2), 1_000_000, w.program.ttl/4)
		d.jitter = d.delay / 2
	case strikeLinkRefuse:
		d.effect = scenarios.Refuse
	default:
		d.effect, d.cut = scenarios.CutReply, cutOf(f.store, bits>>40)
		f.dirs = [ways]bool{back: true}
	}
	w.fault(history.LinkFault, true, f.node)
	for dir := range ways {
		if f.dirs[dir] {
			w.damageLink(f.node, f.store, dir, d)
		}
	}
}

// cutOf draws an operation of the store.
func cutOf(store core.Store, bits uint64) core.Op {
	switch store {
	case core.Redis:
		return [...]core.Op{core.Acquire, core.Renew, core.Release}[bits%3]
	case core.Postgres:
		return [...]core.Op{
			core.TakeEpoch, core.Permit, core.Record, core.Heartbeat, core.Resign, core.Admit,
		}[bits%6]
	case core.Broker, core.NoStore:
		return core.Submit
	default:
		return core.Submit
	}
}

// healStruck ends one strike.
func (w *World) healStruck(index int32) {
	f := &w.struck[index]
	if !f.live {
		return
	}
	f.live = false
	w.liveStruck--
	w.traceStruck(index, false)
	switch f.kind {
	case strikeKill, strikeStop:
		w.revive(f.node)
	case strikePauseNode:
		w.fault(history.NodeFault, false, f.node)
		w.resume(f.node)
	case strikeLinkDrop, strikeLinkHold, strikeLinkLatency, strikeLinkCut, strikeLinkRefuse:
		w.healLink(f.node, f.store, stepOf(index))
		w.fault(history.LinkFault, false, f.node)
	case strikeRedisDown, strikeRedisLoss, strikeRedisStall:
		w.setServer(core.Redis, func(s *server) { *downOrStall(s, f.kind == strikeRedisStall)-- })
		w.fault(history.RedisFault, false, history.None)
	case strikePostgresDown, strikePostgresStall:
		if f.kind == strikePostgresDown {
			w.postgres.Started(core.Time(w.now))
		}
		w.setServer(core.Postgres, func(s *server) { *downOrStall(s, f.kind == strikePostgresStall)-- })
		w.fault(history.PostgresFault, false, history.None)
	case strikePostgresSlow:
		w.setServer(core.Postgres, func(s *server) { s.slow -= f.value })
		w.fault(history.PostgresFault, false, history.None)
	case strikeBrokerDown:
		w.setServer(core.Broker, func(s *server) { s.down-- })
		w.fault(history.BrokerFault, false, history.None)
	case strikeClockJump:
	default:
		panic("sim: the nemesis knows its own strikes")
	}
}

// healNemesis ends every strike that stands.
func (w *World) healNemesis() {
	for i := range w.struck {
		w.healStruck(int32(i))
	}
}
