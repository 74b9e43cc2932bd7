package sim

import (
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

func drawKill(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	return scenarios.Kill{Node: g.node(d), Restart: hold}
}

func drawStop(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	return scenarios.Stop{Node: g.node(d), Restart: hold}
}

func drawPause(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	return scenarios.Pause{Node: g.node(d), For: hold}
}

func drawDrop(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	return scenarios.Net{Link: g.link(d), Effect: scenarios.Drop, For: hold}
}

func drawHold(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	return scenarios.Net{Link: g.link(d), Effect: scenarios.Hold, For: hold}
}

func drawLatency(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	v := scenarios.Net{Link: g.link(d), Effect: scenarios.Latency, Delay: g.within(d, 1, 30), For: hold}
	if d.oneIn(2) {
		v.Jitter = g.within(d, 1, 10)
	}
	return v
}

func drawRefuse(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	if d.oneIn(2) {
		v := scenarios.Net{Link: g.link(d), Effect: scenarios.Reset, For: hold}
		if d.oneIn(2) {
			v.Rate = perSecond(d.between(1, 20))
		}
		return v
	}
	return scenarios.Net{Link: g.link(d), Effect: scenarios.Refuse, For: hold}
}

func drawFlap(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	if d.oneIn(3) {
		rate := perSecond(d.between(300, 20_000))
		return scenarios.Net{Link: g.link(d), Effect: scenarios.Bandwidth, Rate: rate, For: hold}
	}
	return scenarios.Net{Link: g.link(d), Effect: scenarios.Flap, Delay: g.within(d, 2, 40), For: hold}
}

// perSecond is a rate of so many things in a second.
func perSecond(n int64) scenarios.Rate {
	return scenarios.Rate{Milli: 1000 * n, Per: scenarios.Length{Nanos: int64(time.Second)}}
}

// drawCut loses the replies of one operation.
func drawCut(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	op := [...]core.Op{
		core.Permit, core.TakeEpoch, core.Acquire, core.Renew, core.Record, core.Submit, core.Heartbeat,
		core.Release, core.Resign, core.Admit, core.Lookup,
	}[d.below(11)]
	far := map[core.Store]scenarios.PartyKind{
		core.Redis: scenarios.RedisParty, core.Postgres: scenarios.PostgresParty,
		core.Broker: scenarios.BrokerParty,
	}[op.Store()]
	link := scenarios.Link{Near: g.nodes(d), Far: scenarios.Party{Kind: far}, Arrow: scenarios.Back}
	return scenarios.Net{Link: link, Effect: scenarios.CutReply, On: op, For: hold}
}

func drawRedisAway(_ *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	if d.oneIn(2) {
		return scenarios.Redis{Act: scenarios.RedisStall, For: hold}
	}
	return scenarios.Redis{Act: scenarios.RedisRestart, Down: hold}
}

func drawRedisLoss(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	if g.s.Cluster.Redis.Mode == scenarios.ReplicatedRedis && d.oneIn(2) {
		lose := scenarios.Loss{Window: g.within(d, 1, 50)}
		if d.oneIn(2) {
			n := int(d.between(1, 5))
			lose = scenarios.Loss{Writes: scenarios.Count{Min: n, Max: n}}
		}
		if d.oneIn(2) {
			return scenarios.Redis{Act: scenarios.RedisFailover, LoseLast: lose, Down: g.within(d, 1, 20)}
		}
		serves := []scenarios.Party{g.node(d)}
		return scenarios.Redis{Act: scenarios.RedisSplit, LoseLast: lose, For: hold, Serves: serves}
	}
	if d.oneIn(2) {
		return scenarios.Redis{Act: scenarios.RedisLoseData, Down: hold}
	}
	return scenarios.Redis{Act: scenarios.RedisFlush}
}

func drawRedisTime(g *swarm, d *dice, _ scenarios.Span) scenarios.Verb {
	if d.oneIn(2) {
		return scenarios.Redis{Act: scenarios.RedisSetLease, To: g.node(d)}
	}
	by := d.between(-90, 90)
	if by == 0 {
		by = -1
	}
	return scenarios.Redis{Act: scenarios.RedisShiftTTL, By: g.parts(by).Span()}
}

func drawPostgresAway(_ *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	switch d.below(5) {
	case 1:
		return scenarios.Postgres{Act: scenarios.PostgresCrash, Down: hold}
	case 2:
		return scenarios.Postgres{Act: scenarios.PostgresKillBackends}
	case 3:
		return scenarios.Postgres{Act: scenarios.PostgresStall, For: hold}
	case 4:
		return scenarios.Postgres{Act: scenarios.PostgresHangPostmaster, For: hold}
	default:
		return scenarios.Postgres{Act: scenarios.PostgresRestart, Down: hold}
	}
}

func drawPostgresSlow(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	switch d.below(5) {
	case 1:
		return scenarios.Postgres{Act: scenarios.PostgresLockRows, For: hold}
	case 2:
		return scenarios.Postgres{Act: scenarios.PostgresExhaust, For: hold}
	case 3:
		return scenarios.Postgres{Act: scenarios.PostgresReadOnly, For: hold}
	default:
		return scenarios.Postgres{Act: scenarios.PostgresSlow, By: g.within(d, 1, 30), For: hold}
	}
}

// drawRewind lets the ledger go back in time, once, and a person look at it
// some time later: what a second loss takes away, nobody can promise anything of.
// One in two goes back so far that epochs are lost.
func (g *swarm) drawRewind() {
	d := g.roll(siteSwarmRewind)
	if !g.rewinds || d.state == 0 {
		return
	}
	by := g.within(&d, 1, 60)
	if d.oneIn(2) {
		by = g.within(&d, 60, 400)
	}
	at := d.between(g.duration/10, g.duration*3/4)
	clear := at + g.ttl/hundredth*d.between(50, 600)
	g.s.Steps = append(g.s.Steps, scenarios.Step{
		Trigger: scenarios.Trigger{Kind: scenarios.AtTrigger, At: millis(at)},
		Verb:    scenarios.Postgres{Act: scenarios.PostgresRewind, By: by, Down: g.within(&d, 1, 30)},
	}, scenarios.Step{
		Trigger: scenarios.Trigger{Kind: scenarios.AtTrigger, At: millis(min(clear, g.duration-g.ttl/4))},
		Verb:    scenarios.Operator{Act: scenarios.OperatorClear},
	})
}

func drawBroker(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	switch d.below(6) {
	case 1:
		return scenarios.Broker{Act: scenarios.BrokerLate, Delay: g.within(d, 1, 150), For: hold}
	case 2:
		return scenarios.Broker{Act: scenarios.BrokerDuplicateAck, Delay: g.within(d, 1, 200), For: hold}
	case 3:
		return scenarios.Broker{Act: scenarios.BrokerReject, For: hold}
	case 4:
		return scenarios.Broker{Act: scenarios.BrokerDown, For: hold}
	case 5:
		return scenarios.Broker{Act: scenarios.BrokerWrongStatus, For: hold}
	default:
		return scenarios.Broker{Act: scenarios.BrokerAcceptThenSilence, For: hold}
	}
}

func drawClock(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	if d.oneIn(3) {
		return scenarios.Clock{Node: g.node(d), Suspend: hold}
	}
	by := g.parts(d.between(-400, 400))
	if d.oneIn(3) {
		by = scenarios.Length{Nanos: [...]int64{1, -1}[d.below(2)] * int64(time.Hour)}
	}
	if by.IsZero() {
		by = g.parts(1)
	}
	return scenarios.Clock{Node: g.node(d), Jump: by.Span(), For: hold}
}

// drawDrift lets a clock run otherwise: mostly within what the protocol
// promises to bear, at times beyond.
func drawDrift(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb {
	bound := int64(scenarios.OnePercent) / 2
	if d.oneIn(4) {
		bound = 10 * int64(scenarios.OnePercent)
	}
	by := scenarios.Percent(d.between(-bound/100, bound/100) * 100)
	if by == 0 {
		by = 100
	}
	return scenarios.Clock{Node: g.node(d), Drift: scenarios.PercentRange{Min: by, Max: by}, For: hold}
}

func drawWebhook(g *swarm, d *dice, _ scenarios.Span) scenarios.Verb {
	v := scenarios.Webhook{To: g.nodes(d)}
	n := int(d.between(1, 6))
	switch d.below(4) {
	case 1:
		v.Act = scenarios.WebhookDuplicate
	case 2:
		v.Act = scenarios.WebhookReplay
	case 3:
		v.Act = scenarios.WebhookMalformed
	default:
		v.Act = scenarios.WebhookBurst
		n = int(d.between(2, 20))
		if g.slow {
			n = 1
		}
	}
	v.Count = scenarios.Count{Min: n, Max: n}
	return v
}

func drawControl(_ *swarm, d *dice, _ scenarios.Span) scenarios.Verb {
	return scenarios.Control{Set: [...]core.Control{core.Pause, core.Halt, core.Halt}[d.below(3)]}
}

func drawPeople(_ *swarm, d *dice, _ scenarios.Span) scenarios.Verb {
	return scenarios.Operator{Act: [...]scenarios.OperatorAct{
		scenarios.OperatorAttest, scenarios.OperatorAttest, scenarios.OperatorHold, scenarios.OperatorRelease,
		scenarios.OperatorRelease, scenarios.OperatorCancel, scenarios.OperatorReject,
	}[d.below(7)]}
}

func drawRoll(g *swarm, d *dice, _ scenarios.Span) scenarios.Verb {
	return scenarios.Roll{
		Every: g.within(d, 20, 200),
		How:   [...]scenarios.How{scenarios.Graceful, scenarios.ByKill}[d.below(2)],
	}
}

// drawStuck lets a lease outlive its holder, whose heartbeats end: a lease that
// the clock of Redis lengthens again and again. Only an eviction ends it soon.
func (g *swarm) drawStuck() {
	d := g.roll(siteSwarmLease)
	if !d.oneIn(24) {
		return
	}
	at := d.between(g.duration/10, g.duration/2)
	trigger := func(at int64) scenarios.Trigger {
		return scenarios.Trigger{Kind: scenarios.AtTrigger, At: millis(at)}
	}
	g.s.Steps = append(g.s.Steps, scenarios.Step{
		Trigger: trigger(at),
		Verb: scenarios.Kill{
			Node: scenarios.Party{Kind: scenarios.LeaderParty}, Restart: g.within(&d, 300, 700),
		},
	})
	for k := range int64(8) {
		g.s.Steps = append(g.s.Steps, scenarios.Step{
			Trigger: trigger(at + g.ttl/100 + k*g.ttl*8/10),
			Verb:    scenarios.Redis{Act: scenarios.RedisShiftTTL, By: g.parts(90).Span()},
		})
	}
}

// drawAftermath draws what is left when the faults end. One cluster in two is
// healed; of the others a healthy part stays that reaches PostgreSQL and the
// broker, and the rest is broken for good.
func (g *swarm) drawAftermath() {
	d := g.roll(siteSwarmEnd)
	if d.below(2) == 0 {
		return
	}
	nodes := int64(g.s.Cluster.Nodes)
	survivor := d.below(nodes)
	for node := range nodes {
		if node != survivor && d.below(2) == 1 {
			g.breakNode(&d, int(node)+1)
		}
	}
	if !d.oneIn(3) {
		return
	}
	if d.oneIn(2) {
		g.forGood(&d, scenarios.Redis{Act: scenarios.RedisStall})
		return
	}
	link := scenarios.Link{
		Near: scenarios.Party{Kind: scenarios.AllParty}, Far: scenarios.Party{Kind: scenarios.RedisParty},
		Arrow: scenarios.Both,
	}
	effect := [...]scenarios.Effect{scenarios.Drop, scenarios.Refuse}[d.below(2)]
	g.forGood(&d, scenarios.Net{Link: link, Effect: effect})
}

// breakNode breaks one node for good.
func (g *swarm) breakNode(d *dice, index int) {
	node := scenarios.Party{Kind: scenarios.NodeParty, Index: index}
	switch d.below(4) {
	case 0:
		g.forGood(d, scenarios.Kill{Node: node})
	case 1:
		g.forGood(d, scenarios.Pause{Node: node})
	default:
		link := scenarios.Link{Near: node, Far: g.store(d), Arrow: scenarios.Both}
		if d.oneIn(3) {
			link.Arrow = scenarios.Back
		}
		g.forGood(d, scenarios.Net{Link: link, Effect: scenarios.Drop})
	}
}

// forGood adds a fault that is never healed, near the end of the faults.
func (g *swarm) forGood(d *dice, verb scenarios.Verb) {
	at := g.duration - g.ttl/hundredth*d.between(1, 300)
	g.s.Steps = append(g.s.Steps, scenarios.Step{
		Trigger: scenarios.Trigger{Kind: scenarios.AtTrigger, At: millis(at)},
		Heals:   scenarios.HealsNever, Verb: verb,
	})
}
