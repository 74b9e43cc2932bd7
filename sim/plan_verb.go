package sim

import (
	"slices"

	"fencepost/core"
	"fencepost/scenarios"
)

// verbs holds one of each verb. Inside the simulator a verb is a pointer: a
// fault of the plan becomes one of these when it is carried out, and nothing is
// allocated. One set is enough: such a fault strikes and heals by the clock, never
// inside another's deed.
type verbs struct {
	kill     scenarios.Kill
	stop     scenarios.Stop
	pause    scenarios.Pause
	net      scenarios.Net
	clock    scenarios.Clock
	redis    scenarios.Redis
	postgres scenarios.Postgres
	broker   scenarios.Broker
	webhook  scenarios.Webhook
	control  scenarios.Control
	operator scenarios.Operator
	roll     scenarios.Roll

	serves [1]scenarios.Party
}

// pointed returns a pointer to a copy of the verb.
func pointed(verb scenarios.Verb) scenarios.Verb {
	switch v := verb.(type) {
	case scenarios.Kill:
		return &v
	case scenarios.Stop:
		return &v
	case scenarios.Pause:
		return &v
	case scenarios.Net:
		return &v
	case scenarios.Clock:
		return &v
	case scenarios.Redis:
		return &v
	case scenarios.Postgres:
		return &v
	case scenarios.Broker:
		return &v
	case scenarios.Webhook:
		return &v
	case scenarios.Control:
		return &v
	case scenarios.Operator:
		return &v
	case scenarios.Roll:
		return &v
	default:
		panic("sim: a step has a verb")
	}
}

// Step returns the fault as a step of a scenario.
func (f Fault) Step() scenarios.Step {
	return scenarios.Step{
		Trigger: scenarios.Trigger{Kind: scenarios.AtTrigger, At: fixed(f.At)}, Verb: f.Verb(),
	}
}

// Verb returns the fault as a verb of a scenario. It panics if there is none.
func (f Fault) Verb() scenarios.Verb {
	var all verbs
	switch v := f.verb(&all).(type) {
	case *scenarios.Kill:
		return *v
	case *scenarios.Stop:
		return *v
	case *scenarios.Pause:
		return *v
	case *scenarios.Net:
		return *v
	case *scenarios.Clock:
		return *v
	case *scenarios.Redis:
		return *v
	case *scenarios.Postgres:
		return *v
	case *scenarios.Broker:
		return *v
	case *scenarios.Webhook:
		return *v
	case *scenarios.Control:
		return *v
	case *scenarios.Operator:
		return *v
	case *scenarios.Roll:
		return *v
	default:
		panic("sim: no fault is no verb")
	}
}

// fixed returns a fixed span; zero is none.
func fixed(nanos int64) scenarios.Span { return scenarios.Length{Nanos: nanos}.Span() }

// verb makes the fault one of the verbs and returns it.
func (f *Fault) verb(all *verbs) scenarios.Verb {
	hold, act := fixed(f.Hold), kinds[f.Kind].act
	switch kinds[f.Kind].verb {
	case "kill":
		all.kill = scenarios.Kill{Node: f.party(), Restart: hold}
		return &all.kill
	case "stop":
		all.stop = scenarios.Stop{Node: f.party(), Restart: hold}
		return &all.stop
	case "pause":
		all.pause = scenarios.Pause{Node: f.party(), For: hold}
		return &all.pause
	case "net":
		f.asNet(&all.net, act)
		return &all.net
	case "clock":
		f.asClock(&all.clock)
		return &all.clock
	case "redis":
		f.asRedis(all, act)
		return &all.redis
	case "postgres":
		f.asPostgres(&all.postgres, act)
		return &all.postgres
	case "broker":
		all.broker = scenarios.Broker{Act: scenarios.BrokerAct(act), For: hold}
		if kinds[f.Kind].value != noValue {
			all.broker.Delay = fixed(f.Value)
		}
		return &all.broker
	case "webhook":
		count := scenarios.Count{Min: int(f.Value), Max: int(f.Value)}
		all.webhook = scenarios.Webhook{Act: scenarios.WebhookAct(act), Count: count, To: f.party()}
		return &all.webhook
	case "control":
		all.control = scenarios.Control{Set: modes[f.Kind]}
		return &all.control
	case "operator":
		all.operator = scenarios.Operator{Act: scenarios.OperatorAct(act), Verdict: verdicts[f.Kind]}
		return &all.operator
	case "roll":
		all.roll = scenarios.Roll{Every: fixed(f.Value), How: scenarios.How(act)}
		return &all.roll
	default:
		return nil
	}
}

// wordOfKind is the mark of each kind.
var wordOfKind = wordsOfKinds()

func wordsOfKinds() (words [FaultTotal]int) {
	for k := range kinds {
		words[k] = slices.Index(markedWords[:], [2]string{kinds[k].verb, kinds[k].act})
	}
	return words
}

// modes and verdicts are what some kinds say besides their act.
var (
	modes = [FaultTotal]core.Control{
		ControlRun: core.Run, ControlPause: core.Pause, ControlHalt: core.Halt,
	}
	verdicts = [FaultTotal]scenarios.Verdict{
		OperatorAttest: scenarios.VerdictTrue, OperatorMislead: scenarios.VerdictWrong,
	}
)

// asNet makes the fault a damage to links.
func (f *Fault) asNet(v *scenarios.Net, act string) {
	far := [...]scenarios.PartyKind{
		core.NoStore: scenarios.AllParty, core.Redis: scenarios.RedisParty,
		core.Postgres: scenarios.PostgresParty, core.Broker: scenarios.BrokerParty,
	}[f.Store]
	arrow := f.Arrow
	if arrow == scenarios.NoArrow {
		arrow = scenarios.Both
	}
	*v = scenarios.Net{
		Link:   scenarios.Link{Near: f.party(), Far: scenarios.Party{Kind: far}, Arrow: arrow},
		Effect: scenarios.Effect(act), For: fixed(f.Hold),
	}
	second := scenarios.Length{Nanos: 1_000_000_000}
	switch f.Kind {
	case LinkLatency:
		v.Delay, v.Jitter = fixed(f.Value), fixed(rounded(f.Value/2))
	case LinkFlap:
		v.Delay = fixed(f.Value)
	case LinkBandwidth:
		v.Rate = scenarios.Rate{Milli: f.Value * 1000, Per: second}
	case LinkReset:
		if f.Value > 0 {
			v.Rate = scenarios.Rate{Milli: f.Value * 1000, Per: second}
		}
	case LinkCutReply:
		v.On = f.Cut
	default:
	}
}

// asClock makes the fault a disturbance of clocks.
func (f *Fault) asClock(v *scenarios.Clock) {
	*v = scenarios.Clock{Node: f.party(), For: fixed(f.Hold)}
	switch f.Kind {
	case ClockJump:
		v.Jump = fixed(f.Value)
	case ClockDrift:
		v.Drift = scenarios.PercentRange{Min: scenarios.Percent(f.Value), Max: scenarios.Percent(f.Value)}
	default:
		v.Suspend, v.For = v.For, scenarios.Span{}
	}
}

// asRedis makes the fault an act of Redis.
func (f *Fault) asRedis(all *verbs, act string) {
	v := &all.redis
	*v = scenarios.Redis{Act: scenarios.RedisAct(act)}
	switch f.Kind {
	case RedisRestart, RedisLoseData:
		v.Down = fixed(f.Hold)
	case RedisFailover:
		v.Down = fixed(f.Hold)
		v.LoseLast.Writes = scenarios.Count{Min: int(f.Value), Max: int(f.Value)}
	case RedisSplit:
		all.serves[0] = f.party()
		v.For, v.Serves = fixed(f.Hold), all.serves[:]
		v.LoseLast.Writes = scenarios.Count{Min: int(f.Value), Max: int(f.Value)}
	case RedisStall:
		v.For = fixed(f.Hold)
	case RedisShiftTTL:
		v.By = fixed(f.Value)
	case RedisSetLease:
		v.To = f.party()
	default:
	}
}

// asPostgres makes the fault an act of PostgreSQL.
func (f *Fault) asPostgres(v *scenarios.Postgres, act string) {
	*v = scenarios.Postgres{Act: scenarios.PostgresAct(act)}
	switch f.Kind {
	case PostgresRestart, PostgresCrash:
		v.Down = fixed(f.Hold)
	case PostgresRewind:
		v.Down, v.By = fixed(f.Hold), fixed(f.Value)
	case PostgresSlow:
		v.For, v.By = fixed(f.Hold), fixed(f.Value)
	case PostgresKillBackends:
	default:
		v.For = fixed(f.Hold)
	}
}
