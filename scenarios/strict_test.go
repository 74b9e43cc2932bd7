package scenarios

import (
	"testing"
)

// strictness holds one entry for each rule of the format: what to change in the
// valid file, with the mark where the error stands, and what it says.
var strictness = []struct {
	claim, old, new, message string
}{
	{"unknown key of the file", "why:", mark + "wy:", `unknown field "wy" of`},
	{"unknown key of a nested mapping", "ttl: 1s", mark + "tll: 1s", `unknown field "tll" of`},
	{"unknown key of a step", "    at: 2s", "    at: 2s\n    " + mark + "then: 1", `unknown field "then" of`},
	{"key that is no word", "why:", mark + "~: 1\nwhy:", "a key is a word"},
	{"unknown verb", "kill:", mark + "kil:", `unknown field "kil" of`},
	{"unknown key of a verb", "as: old", mark + "ass: old", `unknown field "ass" of`},
	{"unknown expectation", "elect:", mark + "ellect:", `unknown field "ellect" of`},
	{
		"duplicate key of the file", "run:", mark + "why: Twice.\nrun:",
		"`why` stands twice; the first one is in line 3",
	},
	{"duplicate key of a nested mapping", "ttl: 1s", "ttl: 1s, " + mark + "ttl: 2s", "`ttl` stands twice"},
	{"duplicate key of a step", "    at: 2s", "    at: 2s\n    " + mark + "at: 3s", "`at` stands twice"},
	{"duplicate key of a verb", "as: old", "as: old, " + mark + "node: any", "`node` stands twice"},

	{"missing version", "version: 1\n", mark, "`scenario` lacks `version`"},
	{"other version", "version: 1", "version: " + mark + "2", `version "2" is not known here`},
	{"name unlike the file's", "name: valid", "name: " + mark + "invalid", `"invalid" and its file "valid"`},
	{"missing why", "why: A file to change.\n", "", "`scenario` lacks `why`"},
	{"empty why", "why: A file to change.", `why: ` + mark + `" "`, "`why` is empty"},
	{"unknown tier", "[sim, real]", "[sim, " + mark + "reel]", `unknown tier "reel"`},
	{"one tier without a reason", "[sim, real]", mark + "[sim]", "`tier_reason` must say why"},
	{
		"two tiers with a reason", "[sim, real]", "[sim, real]\ntier_reason: " + mark + "None.",
		"explains a single tier",
	},
	{"missing catches", "catches: [belief-by-flag]\n", "", "`scenario` lacks `catches`"},
	{"empty catches", "[belief-by-flag]", mark + "[]", "`catches` is empty"},
	{"unknown mutant", "[belief-by-flag]", "[" + mark + "belief-by-flak]", `unknown mutant "belief-by-flak"`},
	{
		"unknown second mutant", "[belief-by-flag]", "[fails-open+" + mark + "fail-open]",
		`unknown mutant "fail-open"`,
	},
	{"a mutant with itself", "[belief-by-flag]", "[fails-open+" + mark + "fails-open]", "stands twice"},
	{"a mutant named twice", "[belief-by-flag]", "[fails-open, " + mark + "fails-open]", "stands twice"},

	{"no nodes", "nodes: 3", "nodes: " + mark + "0", "outside of 1..99"},
	{"too many nodes", "nodes: 3", "nodes: " + mark + "100", "outside of 1..99"},
	{
		"settings that are none", "nodes: 3", "nodes: 3, config: " + mark + "fast",
		"`config` is a mapping of settings",
	},
	{
		"setting that stands twice", "nodes: 3", "config: {a: {b: 1}, " + mark + "a.b: 2}",
		"`a.b` stands twice",
	},
	{"setting without a name", "nodes: 3", "config: {" + mark + "a..b: 2}", "is no name of a setting"},
	{"setting without a value", "nodes: 3", "config: {a: " + mark + "[1]}", "cannot hold a list"},
	{"seed that pins nothing", "{duration: 10ttl}", "{seed: " + mark + "0}", "whole number above zero"},
	{"half a node", "nodes: 3", "nodes: " + mark + "2.5", "is a whole number"},
	{"bare number as a lease", "ttl: 1s", "ttl: " + mark + "1", "has no unit"},
	{"lease in itself", "ttl: 1s", "ttl: " + mark + "2ttl", "cannot be measured in itself"},
	{"lease as a range", "ttl: 1s", "ttl: " + mark + "1s..2s", "a range cannot stand here"},
	{"bare number as a trigger", "at: 2s", "at: " + mark + "2", "has no unit"},
	{"unknown unit", "at: 2s", "at: 2" + mark + "sec", `unknown unit "sec"`},
	{"unknown unit at the end of a range", "at: 2s", "at: 2s..3" + mark + "sec", `unknown unit "sec"`},
	{"no number at all", "at: 2s", "at: " + mark + "soon", "is no length of time"},
	{"empty value", "at: 2s", "at:" + mark, "`at` is empty"},
	{"list for a scalar", "at: 2s", "at: " + mark + "[2s]", "cannot hold a list"},
	{"scalar for a mapping", "{duration: 10ttl}", mark + "10ttl", "`run` is a mapping"},
	{"mapping for a list", "steps:\n", "steps: " + mark + "{}\nignored:\n", "`steps` is a list"},
	{"range from high to low", "at: 2s", "at: " + mark + "2s..1s", "begins above its end"},
	{
		"range from high to low over units", "at: 2s", "at: " + mark + "2ttl..1500ms",
		"begins above its end, with a ttl of 1s",
	},
	{"negative time", "at: 2s", "at: " + mark + "-2s", "cannot be negative"},
	{"time finer than the clock", "at: 2s", "at: " + mark + "0.0001us", "finer than a nanosecond"},
	{"time beyond counting", "at: 2s", "at: " + mark + "99999999999999999999s", "too many digits"},
	{"time beyond a year", "at: 2s", "at: " + mark + "9000h", "longer than a year"},
	{"zero where it says nothing", "10ttl", mark + "0s", "must be above zero"},
	{"bare number as a rate", "20/s", mark + "20/", "is no rate"},
	{"unknown unit of a rate", "20/s", "20/" + mark + "sec", `unknown unit "sec"`},
	{"no signals at all", "20/s", mark + "0/s", "must be above zero"},
	{"count without a gap", "20/s", mark + "20", "need `every`"},
	{"rate with a gap", "20/s", "20/s, every: " + mark + "1s", "belongs to a count"},
	{"gap without signals", "signals: 20/s", mark + "every: 1s", "stands only beside `signals`"},
	{
		"more traffic assumed than offered", "steps:",
		"assume: {min_traffic: " + mark + "30/s}\nsteps:", "above the rate",
	},
	{
		"traffic assumed and none offered", "workload: {signals: 20/s}\n",
		"assume: {min_traffic: " + mark + "30/s}\n",
		"needs `workload",
	},
	{
		"bare number as a percentage", "signals: 20/s", "signals: 20/s, duplicates: " + mark + "5",
		"has no percent sign",
	},
	{"more than all", "signals: 20/s", "signals: 20/s, duplicates: " + mark + "101%", "beyond 100%"},
	{"negative share", "signals: 20/s", "signals: 20/s, duplicates: " + mark + "-1%", "cannot be negative"},

	{"no trigger", "  - id: first\n    at: 2s\n", "  - " + mark + "id: first\n", "`step` has no trigger"},
	{
		"two triggers", "    at: 2s\n", "    at: 2s\n    " + mark + "when: {event: epoch.taken}\n",
		"has 2 triggers, at and when",
	},
	{
		"no verb", "  - id: first\n    at: 2s\n    kill: {node: leader, as: old}",
		"  - " + mark + "id: first\n    at: 2s",
		"`step` has no verb",
	},
	{"two verbs", "    kill:", "    stop: {node: any}\n    " + mark + "kill:", "has 2 verbs, stop and kill"},
	{
		"delay after nothing", "    at: 2s\n", "    at: 2s\n    " + mark + "plus: 1s\n",
		"stands only beside `after`",
	},
	{"unknown event", "at: 2s", "when: {event: " + mark + "permit.asked}", `unknown event "permit.asked"`},
	{
		"occurrences turned round", "at: 2s", "when: {event: epoch.taken, nth: " + mark + "6..2}",
		"begins above",
	},
	{"zeroth occurrence", "at: 2s", "when: {event: epoch.taken, nth: " + mark + "0}", "outside of 1.."},
	{"trigger after the run", "at: 2s", "at: " + mark + "11s", "after the run of 10ttl has ended"},
	{
		"id that stands twice", "id: second", "id: " + mark + "first",
		"stands twice; the first one is in line 9",
	},
	{"id that is no name", "id: first", "id: " + mark + "1st", "is no id"},
	{"moment of no step", "after: first.end", "after: " + mark + "fist.end", `no step has the id "fist"`},
	{"moment that is none", "after: first.end", "after: " + mark + "first", "is no moment"},
	{"unknown moment", "after: first.end", "after: first." + mark + "stop", `unknown moment "stop"`},
	{
		"step after itself", "after: first.end", "after: " + mark + "second.end",
		"waits for itself: second after second",
	},
	{
		"steps after each other", "    at: 2s", "    after: " + mark + "second.end",
		"first after second after first",
	},

	{"unknown role", "node: leader", "node: " + mark + "leeder", `unknown party "leeder"`},
	{"node beyond the cluster", "node: leader", "node: " + mark + "n4", "no node n4 in a cluster of 3"},
	{"node that cannot be", "node: leader", "node: " + mark + "n100", "nodes are n1..n99"},
	{"node that comes before the first", "node: leader", "node: " + mark + "n0", "nodes are n1..n99"},
	{"store for a node", "node: leader", "node: " + mark + "redis", "redis is no node"},
	{"name that nobody binds", "$old", mark + "$odl", "no earlier step binds $odl"},
	{
		"name bound by a later step", "node: leader, as: old", "node: " + mark + "$old",
		"no earlier step binds $old",
	},
	{"name bound twice", "effect: drop", "effect: drop, as: " + mark + "old", "is bound already, in line 9"},
	{"name with its dollar sign", "as: old", "as: " + mark + "$old", "the dollar sign stands only where"},
	{"name for several nodes", "node: leader, as: old", "node: all, as: " + mark + "old", "binds one node"},
}

func TestEachRuleRefusesAtItsPlace(t *testing.T) {
	for _, rule := range strictness {
		t.Run(rule.claim, func(t *testing.T) {
			wantRefused(t, changed(t, rule.old, rule.new), rule.message)
		})
	}
}

// linkRules change the second step's link.
var linkRules = []struct {
	claim, net, message string
}{
	{"nodes never talk", "{link: leader <-> " + mark + "n2, effect: drop}", "nodes never talk to each other"},
	{
		"stores do not talk", "{link: postgres -> " + mark + "broker, effect: drop}",
		"of the stores only redis and redis_replica",
	},
	{"no such arrow", "{link: " + mark + "leader => redis, effect: drop}", "is no link"},
	{"no such party", "{link: leader <-> " + mark + "postgre, effect: drop}", `unknown party "postgre"`},
	{"beyond the cluster", "{link: " + mark + "n9 <-> redis, effect: drop}", "no node n9"},
	{"link is needed", mark + "{effect: drop}", "lacks `link`"},
	{"effect is needed", mark + "{link: leader <-> redis}", "lacks `effect`"},
	{"unknown effect", "{link: leader <-> redis, effect: " + mark + "dorp}", `unknown effect "dorp"`},
	{"cut_reply needs on", "{link: leader <-> redis, effect: " + mark + "cut_reply}", "needs `on`"},
	{
		"unknown operation", "{link: leader <-> redis, effect: cut_reply, on: " + mark + "renw}",
		`unknown operation "renw"`,
	},
	{
		"inner operation", "{link: leader <-> redis, effect: cut_reply, on: " + mark + "evict}",
		`unknown operation "evict"`,
	},
	{
		"operation elsewhere", "{link: leader <-> redis, effect: cut_reply, on: " + mark + "permit}",
		"permit goes to postgres",
	},
	{
		"operation of nobody",
		"{link: redis_replica <-> redis, effect: " + mark + "cut_reply, on: renew}",
		"no named operation",
	},
	{"latency needs delay", "{link: leader <-> redis, effect: " + mark + "latency}", "needs `delay`"},
	{
		"drop takes no delay", "{link: leader <-> redis, effect: drop, " + mark + "delay: 1s}",
		"does not take `delay`",
	},
	{
		"drop takes no on", "{link: leader <-> redis, effect: drop, " + mark + "on: renew}",
		"does not take `on`",
	},
	{"bandwidth needs rate", "{link: leader <-> redis, effect: " + mark + "bandwidth}", "needs `rate`"},
	{"flap needs a pace", "{link: leader <-> redis, effect: " + mark + "flap}", "needs either `delay`"},
	{
		"flap needs one pace",
		"{link: leader <-> redis, effect: " + mark + "flap, delay: 1s, rate: 1/s}",
		"needs either `delay`",
	},
	{
		"store is no name", "{link: redis_replica <-> redis, effect: drop, as: " + mark + "x}",
		"redis_replica is none",
	},
	{"no zero", "{link: leader <-> redis, effect: drop, for: " + mark + "0s}", "must be above zero"},
}

func TestEachRuleOfLinksRefusesAtItsPlace(t *testing.T) {
	for _, rule := range linkRules {
		t.Run(rule.claim, func(t *testing.T) {
			wantRefused(t, changed(t, "{link: $old <-> redis, effect: drop}", rule.net), rule.message)
		})
	}
}

// verbRules replace the second step's verb.
var verbRules = []struct {
	claim, verb, message string
}{
	{"node is needed", "pause: " + mark + "{for: 1s}", "`pause` lacks `node`"},
	{"clock does something", "clock: " + mark + "{node: any}", "`clock` has no disturbance"},
	{
		"one disturbance", "clock: {node: any, jump: 1h, " + mark + "drift: 1%}",
		"has 2 disturbances, jump and drift",
	},
	{"suspend needs a length", "clock: {node: any, suspend: " + mark + "true}", "needs `for`"},
	{
		"suspend knows its length", "clock: {node: any, suspend: 1s, for: " + mark + "1s}",
		"says itself how long",
	},
	{"drift of nothing", "clock: {node: any, drift: " + mark + "0%}", "must be above zero"},
	{"drift turned round", "clock: {node: any, drift: " + mark + "5%..-5%}", "begins above its end"},
	{"drift is a percentage", "clock: {node: any, drift: " + mark + "1s}", "is no percentage"},
	{"jump is a length", "clock: {node: any, jump: 1" + mark + "%}", "unknown unit"},
	{"unknown act of redis", "redis: {act: " + mark + "restrat}", `unknown act "restrat"`},
	{"split needs serves", "redis: {act: " + mark + "split}", "needs `serves`"},
	{"split serves nodes", "redis: {act: split, serves: " + mark + "[n4]}", "no node n4"},
	{"flush takes nothing", "redis: {act: flush, " + mark + "down: 1s}", "does not take `down`"},
	{"shift_ttl needs by", "redis: {act: " + mark + "shift_ttl}", "needs `by`"},
	{"set_lease needs to", "redis: {act: " + mark + "set_lease}", "needs `to`"},
	{"the lease names one", "redis: {act: set_lease, to: " + mark + "all}", "names one node"},
	{"the lease names a node", "redis: {act: set_lease, to: " + mark + "postgres}", "postgres is no node"},
	{"unknown act of postgres", "postgres: {act: " + mark + "flush}", `unknown act "flush"`},
	{"slow needs by", "postgres: {act: " + mark + "slow}", "needs `by`"},
	{"rewind needs by", "postgres: {act: " + mark + "rewind}", "needs `by`"},
	{"rewind goes back only", "postgres: {act: rewind, by: " + mark + "-1s}", "cannot be negative"},
	{"crash has down, not for", "postgres: {act: crash, " + mark + "for: 1s}", "does not take `for`"},
	{"unknown act of broker", "broker: {act: " + mark + "silent}", `unknown act "silent"`},
	{"late needs delay", "broker: {act: " + mark + "late}", "needs `delay`"},
	{"unknown act of webhook", "webhook: {act: " + mark + "bursts}", `unknown act "bursts"`},
	{"no burst of none", "webhook: {act: burst, count: " + mark + "0}", "outside of 1.."},
	{"unknown mode", "control: {set: " + mark + "stop}", `unknown control mode "stop"`},
	{"unknown act of operator", "operator: {act: " + mark + "resolve}", `unknown act "resolve"`},
	{
		"clear takes no verdict", "operator: {act: clear, " + mark + "verdict: true}",
		"does not take `verdict`",
	},
	{"unknown verdict", "operator: {act: attest, verdict: " + mark + "false}", `unknown verdict "false"`},
	{"roll needs every", "roll: " + mark + "{how: kill}", "`roll` lacks `every`"},
	{"unknown way to end", "roll: {every: 1s, how: " + mark + "gently}", `unknown how "gently"`},
}

func TestEachRuleOfVerbsRefusesAtItsPlace(t *testing.T) {
	for _, rule := range verbRules {
		t.Run(rule.claim, func(t *testing.T) {
			source := changed(t, "net: {link: $old <-> redis, effect: drop}", rule.verb)
			wantRefused(t, source, rule.message)
		})
	}
}
