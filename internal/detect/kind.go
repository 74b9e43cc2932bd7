package detect

import (
	"fmt"
	"strings"

	"fencepost/core/history"
	"fencepost/scenarios"
)

// Kind is a type of fault.
type Kind struct {
	// Name is what it is called, and Means what happens, in a few words.
	Name, Means string
	// Keeps says that leadership must outlive the fault. Of any other it is owed
	// that somebody else is elected.
	Keeps bool
	// MayOverlap says that the stores have lost what keeps beliefs apart, so that
	// only effects are (PROTOCOL 6).
	MayOverlap bool

	// class is the disturbance of the leader, or of a store, by which an
	// occurrence is known in a history.
	class history.Fault
	// since says from when each quantity counts; the zero value is the strike.
	since [quantityCount]moment
	verb  scenarios.Verb
	// atPermit: it strikes as the leader asks for a permit, and not anywhere
	// between two renewals.
	atPermit bool
	// again is how long after one has healed the next one strikes; of those that
	// strike at a permit it is the time between two strikes.
	again scenarios.Span
	// handsBack: after it the leader is asked to leave, so that Redis elects the
	// next one.
	handsBack bool
	// shipped are the scenarios of the project that state bounds for this fault, and
	// the step that strikes.
	shipped []source
}

// source is a step of a shipped scenario.
type source struct{ name, step string }

// moment is an instant of an occurrence.
type moment uint8

// The moments.
const (
	atStrike moment = iota
	atHeal          // the fault is over; a process that stood still has woken up
)

// String returns the moment as a column's head says it.
func (m moment) String() string {
	if m == atHeal {
		return "end"
	}
	return "start"
}

// leader and the stores, as parties of a step.
var (
	leader   = scenarios.Party{Kind: scenarios.LeaderParty}
	redis    = scenarios.Party{Kind: scenarios.RedisParty}
	postgres = scenarios.Party{Kind: scenarios.PostgresParty}
	broker   = scenarios.Party{Kind: scenarios.BrokerParty}
)

// hole is a link of the leader that swallows every byte for so long.
func hole(far scenarios.Party, thousandths int64) scenarios.Verb {
	return scenarios.Net{
		Link:   scenarios.Link{Near: leader, Far: far, Arrow: scenarios.Both},
		Effect: scenarios.Drop, For: ttls(thousandths).Span(),
	}
}

// waking counts what the process itself, and what the ledger says to it, from
// when it goes on.
var waking = [quantityCount]moment{Self: atHeal, Store: atHeal}

// healing counts from when the store is back.
var healing = [quantityCount]moment{Store: atHeal, Elected: atHeal, Recovered: atHeal}

// Kinds returns the types of fault, in the order of the document.
func Kinds() []*Kind {
	return []*Kind{
		{
			Name: "kill", Means: "the leader's process dies (kill -9)", class: history.NodeFault,
			verb: scenarios.Kill{Node: leader, Restart: ttls(1500).Span()}, again: between(700, 1200),
			shipped: []source{{"leader-crash", "crash"}},
		},
		{
			Name: "stop", Means: "the leader is asked to leave", class: history.NodeFault,
			verb: scenarios.Stop{Node: leader, Restart: ttls(500).Span()}, again: between(700, 1200),
			shipped: []source{{"graceful-handover", "leave"}},
		},
		{
			Name: "pause", Means: "the leader stands still for 1.7 ttl, wherever that finds it",
			class: history.NodeFault, since: waking,
			verb: scenarios.Pause{Node: leader, For: ttls(1700).Span()}, again: between(800, 1200),
			shipped: []source{{"pause-across-lease-expiry", "freeze"}},
		},
		{
			Name:  "pause-at-permit",
			Means: "the same, between the decision to ask for a permit and the request",
			class: history.NodeFault, since: waking, atPermit: true,
			verb: scenarios.Pause{Node: leader, For: ttls(1700).Span()}, again: between(3000, 3300),
			shipped: []source{{"pause-across-lease-expiry", "freeze"}},
		},
		{
			Name: "redis-link", Means: "the leader's link to Redis swallows every byte",
			class: history.LinkFault, verb: hole(redis, 1700), again: between(800, 1200),
			shipped: []source{{"gray-leader-postgres-ok-redis-dead", "cut"}},
		},
		{
			Name: "postgres-link", Means: "the leader's link to PostgreSQL swallows every byte",
			class: history.LinkFault, since: [quantityCount]moment{Store: atHeal},
			verb: hole(postgres, 1700), again: between(800, 1200),
			shipped: []source{{"gray-leader-redis-ok-postgres-dead", "gray"}},
		},
		{
			Name: "broker-link", Means: "the leader's link to the broker swallows every byte",
			Keeps: true, class: history.LinkFault, since: [quantityCount]moment{Recovered: atHeal},
			verb: hole(broker, 1000), again: between(600, 1000),
		},
		{
			Name: "redis-stall", Means: "Redis stands still for 1.2 ttl", class: history.RedisFault,
			verb:  scenarios.Redis{Act: scenarios.RedisStall, For: ttls(1200).Span()},
			again: between(1000, 1500), shipped: []source{{"redis-stall", "stall"}},
		},
		{
			Name: "redis-outage", Means: "Redis is gone for 2.5 ttl; PostgreSQL lends the lease",
			class: history.RedisFault, handsBack: true,
			verb:  scenarios.Redis{Act: scenarios.RedisRestart, Down: ttls(2500).Span()},
			again: between(900, 1400), shipped: []source{{"redis-outage", "outage"}},
		},
		{
			Name: "redis-data-loss", Means: "Redis comes back empty after 50 to 200 ms", MayOverlap: true,
			class: history.RedisFault,
			verb:  scenarios.Redis{Act: scenarios.RedisLoseData, Down: between(50, 200)},
			again: between(1200, 1700), shipped: []source{{"redis-restart-loses-data", "loss"}},
		},
		{
			Name: "postgres-crash", Means: "PostgreSQL dies and is back after 1.5 ttl",
			class: history.PostgresFault, since: healing,
			verb:  scenarios.Postgres{Act: scenarios.PostgresCrash, Down: ttls(1500).Span()},
			again: between(1500, 2000), shipped: []source{{"postgres-crash", "crash"}},
		},
	}
}

// Find returns the kinds of those names, in their order; all of them for none.
func Find(names []string) ([]*Kind, error) {
	all := Kinds()
	if len(names) == 0 {
		return all, nil
	}
	var found []*Kind
	var known []string
	for _, k := range all {
		known = append(known, k.Name)
	}
search:
	for _, name := range names {
		for _, k := range all {
			if k.Name == name {
				found = append(found, k)
				continue search
			}
		}
		text := name + " is no type of fault"
		if near := scenarios.Nearest(name, known); near != "" {
			text += "; did you mean " + near + "?"
		}
		return nil, fmt.Errorf("%s (allowed: %s)", text, strings.Join(known, ", "))
	}
	return found, nil
}

// wakes tells whether the fault lets a process go on that stood still.
func (k *Kind) wakes() bool { return k.since[Self] == atHeal }
