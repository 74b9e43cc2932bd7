package sim

import (
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/scenarios"
)

// family is one sort of trouble that a run has or has not.
type family struct {
	name string
	draw func(g *swarm, d *dice, hold scenarios.Span) scenarios.Verb
}

// families lists every sort of trouble that the swarm knows.
var families = []family{
	{"kill", drawKill},
	{"stop", drawStop},
	{"pause", drawPause},
	{"drop", drawDrop},
	{"hold", drawHold},
	{"latency", drawLatency},
	{"refuse", drawRefuse},
	{"flap", drawFlap},
	{"cut reply", drawCut},
	{"redis away", drawRedisAway},
	{"redis loss", drawRedisLoss},
	{"redis time", drawRedisTime},
	{"postgres away", drawPostgresAway},
	{"postgres slow", drawPostgresSlow},
	{"broker", drawBroker},
	{"clock", drawClock},
	{"drift", drawDrift},
	{"webhook", drawWebhook},
	{"control", drawControl},
	{"people", drawPeople},
	{"roll", drawRoll},
}

// moments are the events at which a fault does the most harm.
var moments = []event.Event{
	event.PermitRequested, event.PermitGranted, event.GatePassed, event.OrderSent, event.OrderAccepted,
	event.LeaseAcquired, event.EpochTaken, event.LeaderElected, event.LeaderSteppedDown, event.OrderAcked,
	event.OrderAmbiguous, event.SignalReceived, event.LeaseLost, event.LeaderStale, event.OutcomeUnknown,
	event.PermitRefused, event.HeartbeatRefused,
}

// drawFamilies switches families on and off and draws the density.
func (g *swarm) drawFamilies() {
	d := g.roll(siteSwarmFamilies)
	share := [...]int64{500, 300, 150, 800}[d.below(4)]
	for i := range families {
		on, weight := d.perMille(share), [...]int{1, 2, 4, 1}[d.below(4)]
		for range weight {
			if on {
				g.families = append(g.families, families[i])
			}
		}
	}
	g.rewinds = d.oneIn(16)
	g.every = [...]int64{swarmEvery, swarmEvery, swarmEvery * 2 / 3, 2 * swarmEvery}[d.below(4)]
	g.hold = [...]int64{60, 30, 150, 350}[d.below(4)]
	g.onEvent = [...]int64{0, 100, 300, 600}[d.below(4)]
	g.onFault = [...]int64{0, 100, 300, 0}[d.below(4)]
	g.toLeader = [...]int64{500, 800, 300, 0}[d.below(4)]
	if d.below(2) == 1 {
		g.storm, g.calm = d.between(200, 600)*g.ttl/hundredth, d.between(300, 700)*g.ttl/hundredth
		g.every /= 2
	}
}

// drawFaults draws one fault after the other until the phase is over.
func (g *swarm) drawFaults() {
	if len(g.families) == 0 {
		return
	}
	unit := g.ttl / hundredth
	at := int64(0)
	var d dice
	for k := 0; ; k++ {
		d = dice{g.tape.Draw(siteSwarmFaults, k)}
		at += unit * d.between(g.every/2, g.every*3/2)
		if g.storm > 0 && at%(g.storm+g.calm) > g.storm {
			at += g.calm - at%(g.storm+g.calm) + g.storm
		}
		if at >= g.duration-g.ttl || len(g.s.Steps) >= mostSteps {
			return
		}
		if d.state != 0 {
			g.drawFault(&d, at)
		}
	}
}

// drawFault draws one fault that comes at that instant, at an event, or after
// the fault before it.
func (g *swarm) drawFault(d *dice, at int64) {
	f := &g.families[d.below(int64(len(g.families)))]
	hold := g.drawHold(d)
	trigger := scenarios.Trigger{Kind: scenarios.AtTrigger, At: millis(at)}
	switch last := len(g.s.Steps) - 1; {
	case d.perMille(g.onEvent):
		trigger = scenarios.Trigger{Kind: scenarios.WhenTrigger, When: scenarios.When{
			Event: moments[d.below(int64(len(moments)))],
		}}
		n := int(d.between(1, 50))
		trigger.When.Nth = scenarios.Count{Min: n, Max: n}
	case last >= 0 && d.perMille(g.onFault):
		if g.s.Steps[last].ID == "" {
			g.s.Steps[last].ID = stepID(last)
		}
		trigger = scenarios.Trigger{
			Kind: scenarios.AfterTrigger, After: scenarios.Moment{Step: g.s.Steps[last].ID, End: d.oneIn(2)},
		}
		if d.oneIn(2) {
			trigger.Plus = millis(d.between(1, g.ttl/4/int64(time.Millisecond)) * int64(time.Millisecond))
		}
	default:
	}
	verb := f.draw(g, d, hold)
	g.s.Steps = append(g.s.Steps, scenarios.Step{Trigger: trigger, Verb: verb})
	g.follow(at, hold, verb)
}

// follow adds what belongs to a fault: a halt ends.
func (g *swarm) follow(at int64, hold scenarios.Span, verb scenarios.Verb) {
	low, _ := hold.Resolve(g.ttl)
	later := scenarios.Trigger{Kind: scenarios.AtTrigger, At: millis(min(at+low, g.duration-g.ttl/4))}
	if v, ok := verb.(scenarios.Control); ok && v.Set != core.Run {
		g.s.Steps = append(g.s.Steps, scenarios.Step{Trigger: later, Verb: scenarios.Control{Set: core.Run}})
	}
}

// stepID is the name of the step with that index.
func stepID(index int) string {
	const digits = "0123456789"
	id := [...]byte{'f', digits[index/1000%10], digits[index/100%10], digits[index/10%10], digits[index%10]}
	return string(id[:])
}

// millis is an instant in whole milliseconds.
func millis(at int64) scenarios.Span {
	return scenarios.Length{Nanos: at - at%int64(time.Millisecond)}.Span()
}

// drawHold draws how long a fault lasts: mostly short, at times longer than
// the lease.
func (g *swarm) drawHold(d *dice) scenarios.Span {
	if d.oneIn(4) {
		return g.within(d, 1, 10)
	}
	if d.oneIn(8) {
		return g.within(d, 80, 300)
	}
	return g.within(d, 2, g.hold)
}

// node draws whom a fault hits.
func (g *swarm) node(d *dice) scenarios.Party {
	if d.perMille(g.toLeader) {
		return scenarios.Party{Kind: scenarios.LeaderParty}
	}
	switch d.below(8) {
	case 0:
		return scenarios.Party{Kind: scenarios.AnyParty}
	case 1, 2:
		return scenarios.Party{Kind: scenarios.FollowerParty}
	default:
		return scenarios.Party{Kind: scenarios.NodeParty, Index: int(d.between(1, int64(g.s.Cluster.Nodes)))}
	}
}

// nodes draws whom a fault of links hits: at times several nodes.
func (g *swarm) nodes(d *dice) scenarios.Party {
	switch d.below(10) {
	case 8:
		return scenarios.Party{Kind: scenarios.FollowersParty}
	case 9:
		return scenarios.Party{Kind: scenarios.AllParty}
	default:
		return g.node(d)
	}
}

// store draws the far side of a link.
func (g *swarm) store(d *dice) scenarios.Party {
	return scenarios.Party{Kind: [...]scenarios.PartyKind{
		scenarios.RedisParty, scenarios.PostgresParty, scenarios.RedisParty, scenarios.PostgresParty,
		scenarios.BrokerParty, scenarios.AllParty,
	}[d.below(6)]}
}

// link draws a link and its directions.
func (g *swarm) link(d *dice) scenarios.Link {
	near := g.nodes(d)
	return scenarios.Link{
		Near: near, Far: g.store(d),
		Arrow: [...]scenarios.Arrow{
			scenarios.Both, scenarios.Back, scenarios.Towards, scenarios.Back,
		}[d.below(4)],
	}
}
