package sim

import (
	"slices"

	"fencepost/core"
	"fencepost/core/history"
	"fencepost/scenarios"
)

// refuseStep refuses what the simulator cannot do.
func refuseStep(s *scenarios.Scenario, step *scenarios.Step) error {
	switch v := step.Verb.(type) {
	case scenarios.Postgres:
		switch v.Act {
		case scenarios.PostgresRestart, scenarios.PostgresCrash, scenarios.PostgresStall,
			scenarios.PostgresSlow, scenarios.PostgresKillBackends:
		default:
			return s.Refuse(step.Place.Of("postgres.act"), string(v.Act),
				[]string{"restart", "crash", "stall", "slow", "kill_backends"},
				"the simulator's PostgreSQL cannot "+string(v.Act)+" yet")
		}
	case scenarios.Webhook:
		if v.Act == scenarios.WebhookMalformed {
			return s.Refuse(step.Place.Of("webhook.act"), string(v.Act),
				[]string{"burst", "replay", "duplicate"},
				"the simulator's senders cannot send malformed bodies yet")
		}
	case scenarios.Operator:
		if v.Act == scenarios.OperatorClear {
			return s.Refuse(step.Place.Of("operator.act"), string(v.Act), []string{"attest"},
				"no node of the simulator is ever barred yet, so there is nothing to clear")
		}
	default:
	}
	return nil
}

// refuseExpectation refuses a metric that the simulator cannot supply.
func refuseExpectation(s *scenarios.Scenario, e *scenarios.Expect) error {
	v, ok := e.Claim.(scenarios.Metric)
	if !ok {
		return nil
	}
	var allowed []string
	for _, g := range scenarios.Gauges() {
		if g.Derived() || g == scenarios.RedisOperations {
			allowed = append(allowed, g.String())
		}
	}
	if slices.Contains(allowed, v.Name) {
		return nil
	}
	return s.Refuse(e.Place.Of("metric.name"), v.Name, allowed, "the simulator cannot measure "+v.Name)
}

// strike carries a step out. It reports false if nobody holds the role.
func (w *World) strike(index int32, s *scenarios.Step, st *step) bool {
	st.hit = st.hit[:0]
	switch v := s.Verb.(type) {
	case scenarios.Kill:
		return w.strikeDown(index, st, v.Node, v.As, v.Restart, true)
	case scenarios.Stop:
		return w.strikeDown(index, st, v.Node, v.As, v.Restart, false)
	case scenarios.Pause:
		return w.strikePause(index, st, v)
	case scenarios.Net:
		return w.strikeNet(index, st, v)
	case scenarios.Clock:
		return w.strikeClock(index, st, v)
	case scenarios.Redis:
		return w.strikeRedis(index, st, v)
	case scenarios.Postgres:
		return w.strikePostgres(index, st, v)
	case scenarios.Broker:
		return w.strikeBroker(index, v)
	case scenarios.Webhook:
		return w.strikeWebhook(index, st, v)
	case scenarios.Control:
		return w.strikeControl(index, v)
	case scenarios.Operator:
		return w.strikeOperator(index, v)
	case scenarios.Roll:
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
	if h.stopping && h.up && h.node.Status(h.clock.boot(w.now)).Idle {
		w.crash(node)
	}
}

// strikePause makes processes stand still.
func (w *World) strikePause(index int32, st *step, v scenarios.Pause) bool {
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
	switch v := w.program.scenario.Steps[index].Verb.(type) {
	case scenarios.Kill, scenarios.Stop:
		for _, node := range st.hit {
			w.revive(node)
		}
	case scenarios.Pause:
		for _, node := range st.hit {
			w.fault(history.NodeFault, false, node)
			w.resume(node)
		}
	case scenarios.Net:
		w.healNet(index, st, v)
	case scenarios.Clock:
		w.healClock(st, v)
	case scenarios.Redis:
		w.healRedis(st, v)
	case scenarios.Postgres:
		w.healPostgres(st, v)
	case scenarios.Broker:
		w.broker.Heal(string(v.Act))
		if v.Act == scenarios.BrokerDown {
			w.setServer(core.Broker, func(s *server) { s.down-- })
		}
		w.fault(history.BrokerFault, false, history.None)
	case scenarios.Roll:
		// The roll ends by itself.
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
		if w.program.scenario.Steps[i].Heals != scenarios.HealsNever {
			w.heal(int32(i))
		}
	}
	w.healNemesis()
}
