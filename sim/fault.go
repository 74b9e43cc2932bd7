package sim

import (
	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// strike carries a step out. It reports false if nobody holds the role.
func (w *World) strike(index int32, st *step) bool {
	st.hit = st.hit[:0]
	switch v := w.verb(index).(type) {
	case *scenarios.Kill:
		return w.strikeDown(index, st, v.Node, v.As, v.Restart, true)
	case *scenarios.Stop:
		return w.strikeDown(index, st, v.Node, v.As, v.Restart, false)
	case *scenarios.Pause:
		return w.strikePause(index, st, v)
	case *scenarios.Net:
		return w.strikeNet(index, st, v)
	case *scenarios.Clock:
		return w.strikeClock(index, st, v)
	case *scenarios.Redis:
		return w.strikeRedis(index, st, v)
	case *scenarios.Postgres:
		return w.strikePostgres(index, st, v)
	case *scenarios.Broker:
		return w.strikeBroker(index, v)
	case *scenarios.Webhook:
		return w.strikeWebhook(index, st, v)
	case *scenarios.Control:
		return w.strikeControl(index, v)
	case *scenarios.Operator:
		return w.strikeOperator(index, st, v)
	case *scenarios.Roll:
		return w.strikeRoll(index, st, v)
	default:
		panic("sim: a step has a verb")
	}
}

// strikeDown ends processes, with or without warning.
func (w *World) strikeDown(index int32, st *step, who scenarios.Party, as string, restart scenarios.Span,
	crash bool,
) bool {
	st.hit = w.resolve(who, st.hit)
	if len(st.hit) == 0 {
		return false
	}
	w.bind(as, st.hit)
	for _, node := range st.hit {
		w.hosts[node].downs++
		w.fault(history.NodeFault, true, node)
		w.endProcess(node, crash)
	}
	w.healLater(index, restart)
	w.started(index)
	return true
}

// endProcess kills a process, or asks it to stop: it leaves once it is idle.
func (w *World) endProcess(node int16, crash bool) {
	h := &w.hosts[node]
	if crash || !h.up {
		w.crash(node)
		return
	}
	h.stopping = true
	i, s := w.slots.take(hintArrives, node)
	s.life, s.input = h.life, core.Input{Kind: core.StopRequested}
	w.queue.push(w.now, i)
}

// leaveIfIdle ends a stopping process that has nothing left to do.
func (w *World) leaveIfIdle(node int16, h *host) {
	if h.stopping {
		w.leave(node, h)
	}
}

func (w *World) leave(node int16, h *host) {
	if h.up && h.node.Status(h.clock.boot(w.now)).Idle {
		w.crash(node)
	}
}

// strikePause makes processes stand still.
func (w *World) strikePause(index int32, st *step, v *scenarios.Pause) bool {
	st.hit = w.resolve(v.Node, st.hit)
	if len(st.hit) == 0 {
		return false
	}
	w.bind(v.As, st.hit)
	for _, node := range st.hit {
		w.fault(history.NodeFault, true, node)
		w.pause(node)
	}
	w.healLater(index, v.For)
	w.started(index)
	return true
}

// heal puts right what a step broke.
func (w *World) heal(index int32) {
	st := &w.steps[index]
	if !st.active {
		return
	}
	if st.stores != nil {
		w.healNet(index, st)
		w.finished(index)
		return
	}
	switch v := w.verb(index).(type) {
	case *scenarios.Kill, *scenarios.Stop:
		for _, node := range st.hit {
			w.revive(node)
		}
	case *scenarios.Pause:
		for _, node := range st.hit {
			w.fault(history.NodeFault, false, node)
			w.resume(node)
		}
	case *scenarios.Clock:
		w.healClock(index, st, v)
	case *scenarios.Redis:
		w.healRedis(st, v)
	case *scenarios.Postgres:
		w.healPostgres(st, v)
	case *scenarios.Broker:
		w.broker.Heal(string(v.Act))
		if v.Act == scenarios.BrokerDown {
			w.setServer(core.Broker, func(s *server) { s.down-- })
		}
		w.fault(history.BrokerFault, false, history.None)
	case *scenarios.Roll, *scenarios.Operator:
		// A roll ends by itself, and so does a person's work.
	default:
		panic("sim: this verb leaves nothing to heal")
	}
	w.finished(index)
}

// revive starts a process again.
func (w *World) revive(node int16) {
	h := &w.hosts[node]
	h.downs--
	w.fault(history.NodeFault, false, node)
	if h.downs > 0 {
		return
	}
	if h.up {
		// It was asked to stop and has not come to it: it ends now.
		w.crash(node)
	}
	w.start(node)
}

// healAll ends every fault: the harness heals at the end.
func (w *World) healAll() {
	for i := range w.steps {
		if i >= len(w.program.verbs) || w.program.scenario.Steps[i].Heals != scenarios.HealsNever {
			w.heal(int32(i))
		}
	}
	w.acceptLoss()
}
