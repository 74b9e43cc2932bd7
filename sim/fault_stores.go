package sim

import (
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// defaultDown is how long a store is away when the file does not say: about
// what a restart of the real ones takes.
const defaultDown = 250_000_000

// strikeRedis disturbs Redis.
func (w *World) strikeRedis(index int32, st *step, v *scenarios.Redis) bool {
	now := core.Time(w.now)
	if st.server = core.Redis; w.replica.split {
		st.server = replicaStore // the new primary
	}
	switch v.Act {
	case scenarios.RedisRestart, scenarios.RedisLoseData:
		w.fault(history.RedisFault, true, history.None)
		w.setServer(st.server, func(s *server) { s.down++ })
		w.loseRedisData(v)
		w.downFor(index, v.Down)
	case scenarios.RedisFlush:
		w.redisLost(func() { w.primary().Flush(now) })
		w.instant(index)
		return true
	case scenarios.RedisStall:
		w.fault(history.RedisFault, true, history.None)
		w.setServer(st.server, func(s *server) { s.stalls++ })
		w.healLater(index, v.For)
	case scenarios.RedisShiftTTL:
		w.fault(history.ClockFault, true, history.None)
		w.primary().ShiftTTL(now, time.Duration(w.span(v.By)))
		w.drain()
		w.fault(history.ClockFault, false, history.None)
		w.instant(index)
		return true
	case scenarios.RedisSetLease:
		return w.setLease(index, st, v)
	case scenarios.RedisFailover:
		return w.strikeFailover(index, v)
	case scenarios.RedisSplit:
		return w.strikeSplit(index, st, v)
	default:
		panic("sim: an act of Redis is known")
	}
	w.started(index)
	return true
}

// downFor plans the return of a store that was taken down.
func (w *World) downFor(index int32, down scenarios.Span) {
	w.steps[index].active = true
	length := int64(defaultDown)
	if !down.IsZero() {
		length = w.span(down)
	}
	w.schedule(stepHeals, length, index)
}

// loseRedisData decides what is left after the restart: what the durability
// keeps, or nothing if the step says so.
func (w *World) loseRedisData(v *scenarios.Redis) {
	now := core.Time(w.now)
	switch {
	case !v.LoseLast.Window.IsZero() || !v.LoseLast.Writes.IsZero():
		w.redisLost(func() { w.loseLast(w.primary(), v.LoseLast) })
	case v.Act == scenarios.RedisLoseData || w.program.durability == scenarios.NoDurability:
		w.redisLost(func() { w.primary().Flush(now) })
	case w.program.durability == scenarios.AOFEverySec:
		lost := between(w.draw(siteLostWindow, int(w.acting)), 0, 1_000_000_000)
		w.redisLost(func() { w.primary().LoseSince(now, core.Time(w.now-lost)) })
	default:
	}
}

// redisLost tells of a loss of acknowledged writes.
func (w *World) redisLost(lose func()) {
	w.fault(history.RedisDataLoss, true, history.None)
	w.lapseLease()
	before := w.primary().Keys()
	lose()
	w.drain()
	w.tellLostWrite(before != w.primary().Keys())
	w.fault(history.RedisDataLoss, false, history.None)
}

// tellLostWrite says that a loss changed what Redis holds, if it did.
func (w *World) tellLostWrite(changed bool) {
	if changed {
		w.tell(&history.Record{
			Kind: history.Announced, Event: event.RedisLostWrite,
			Node: history.None, Subject: history.None,
		})
	}
}

// setLease writes another node's name into the lease, as a person or a bug
// might. The token is one that the node has not used.
func (w *World) setLease(index int32, st *step, v *scenarios.Redis) bool {
	st.hit = w.resolve(v.To, st.hit)
	if len(st.hit) == 0 {
		return false
	}
	node := st.hit[0]
	token := core.Token{Nonce: nonceOf(node, w.hosts[node].life), Acquisition: 1 << 30}
	w.fault(history.RedisDataLoss, true, history.None)
	w.primary().SetLease(core.Time(w.now), token, w.program.config.TTL)
	w.drain()
	w.fault(history.RedisDataLoss, false, history.None)
	w.instant(index)
	return true
}

// instant ends a step whose act takes no time.
func (w *World) instant(index int32) {
	w.started(index)
	w.finished(index)
}

// healRedis brings Redis back.
func (w *World) healRedis(st *step, v *scenarios.Redis) {
	switch v.Act {
	case scenarios.RedisSplit:
		w.healSplit(st)
		return
	case scenarios.RedisRestart, scenarios.RedisLoseData, scenarios.RedisFailover:
		w.setServer(st.server, func(s *server) { s.down-- })
	case scenarios.RedisStall:
		w.setServer(st.server, func(s *server) { s.stalls-- })
	default:
		panic("sim: this act leaves nothing to heal")
	}
	w.fault(history.RedisFault, false, history.None)
}

// strikePostgres disturbs PostgreSQL.
func (w *World) strikePostgres(index int32, _ *step, v *scenarios.Postgres) bool {
	w.fault(history.PostgresFault, true, history.None)
	switch v.Act {
	case scenarios.PostgresRestart, scenarios.PostgresCrash:
		if v.Act == scenarios.PostgresCrash {
			w.crashPostgres(index)
		}
		w.setServer(core.Postgres, func(s *server) { s.down++ })
		w.downFor(index, v.Down)
	case scenarios.PostgresKillBackends:
		w.killBackends(index)
	case scenarios.PostgresStall:
		w.setServer(core.Postgres, func(s *server) { s.stalls++ })
		w.healLater(index, v.For)
	case scenarios.PostgresSlow:
		by := w.span(v.By)
		w.steps[index].saved = by
		w.setServer(core.Postgres, func(s *server) { s.slow += by })
		w.healLater(index, v.For)
	case scenarios.PostgresRewind:
		w.rewind(v)
		w.setServer(core.Postgres, func(s *server) { s.down++ })
		w.downFor(index, v.Down)
	case scenarios.PostgresReadOnly, scenarios.PostgresHangPostmaster, scenarios.PostgresExhaust,
		scenarios.PostgresLockRows:
		w.hinderLedger(v.Act, 1)
		w.healLater(index, v.For)
	default:
		panic("sim: an act of PostgreSQL is known")
	}
	w.started(index)
	return true
}

// crashPostgres lets the server die. At times a synchronous standby takes its
// place: nothing that was committed durably is lost, and it was started long ago.
// Not so where the ledger may go back in time: whoever has not read a person's
// acceptance before the next promotion waits for another one.
func (w *World) crashPostgres(index int32) {
	st := &w.steps[index]
	st.saved = 0
	if w.program.rewinds == 0 && w.draw(sitePromotion, 0)&3 == 3 {
		st.saved = 1
		w.postgres.Promote(core.Time(w.now))
	} else {
		w.postgres.Crash(core.Time(w.now))
	}
	w.drain()
}

// killBackends ends every session. Backends that were asked to end make room at
// once; one that was killed costs the server its memory, and about a second.
func (w *World) killBackends(index int32) {
	length := int64(20_000_000)
	if w.draw(siteHardKill, int(index))&1 == 1 {
		length = 1_000_000_000
		w.postgres.Crash(core.Time(w.now))
		w.drain()
	}
	w.setServer(core.Postgres, func(s *server) { s.down++ })
	w.steps[index].active = true
	w.schedule(stepHeals, length, index)
}

// hinderLedger begins (1) or ends (-1) what is in the way of statements, and
// lets those go on that waited for its end.
func (w *World) hinderLedger(act scenarios.PostgresAct, by int32) {
	g := &w.ledger
	switch act {
	case scenarios.PostgresReadOnly:
		g.readOnly += by
	case scenarios.PostgresHangPostmaster:
		g.hung += by
	case scenarios.PostgresExhaust:
		if g.full += by; g.full == 0 {
			w.letGo(noConnection)
		}
	case scenarios.PostgresLockRows:
		if g.locked += by; g.locked == 0 {
			w.letGo(lockedRow)
			w.letGo(lockedGroup)
		}
	default:
		panic("sim: this act is in nobody's way")
	}
	w.reachAllChanged()
}

// healPostgres brings PostgreSQL back.
func (w *World) healPostgres(st *step, v *scenarios.Postgres) {
	switch v.Act {
	case scenarios.PostgresReadOnly, scenarios.PostgresHangPostmaster, scenarios.PostgresExhaust,
		scenarios.PostgresLockRows:
		w.hinderLedger(v.Act, -1)
	case scenarios.PostgresRestart, scenarios.PostgresCrash, scenarios.PostgresRewind:
		if v.Act != scenarios.PostgresCrash || st.saved == 0 {
			w.postgres.Started(core.Time(w.now))
		}
		w.setServer(core.Postgres, func(s *server) { s.down-- })
	case scenarios.PostgresKillBackends:
		w.setServer(core.Postgres, func(s *server) { s.down-- })
	case scenarios.PostgresStall:
		w.setServer(core.Postgres, func(s *server) { s.stalls-- })
	case scenarios.PostgresSlow:
		w.setServer(core.Postgres, func(s *server) { s.slow -= st.saved })
	default:
		panic("sim: this act leaves nothing to heal")
	}
	w.fault(history.PostgresFault, false, history.None)
}

// strikeBroker makes the broker misbehave.
func (w *World) strikeBroker(index int32, v *scenarios.Broker) bool {
	w.fault(history.BrokerFault, true, history.None)
	if v.Act == scenarios.BrokerDown {
		w.setServer(core.Broker, func(s *server) { s.down++ })
	} else {
		w.broker.Misbehave(string(v.Act), time.Duration(w.span(v.Delay)))
	}
	w.healLater(index, v.For)
	w.started(index)
	return true
}
