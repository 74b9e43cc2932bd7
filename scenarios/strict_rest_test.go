package scenarios

import (
	"strings"
	"testing"
)

// expectRules replace the second expectation.
var expectRules = []struct {
	claim, entry, message string
}{
	{"unknown invariant", "never: " + mark + "single-executer", `unknown invariant "single-executer"`},
	{
		"two expectations", "never: recovers\n    " + mark + "elect: {from: first.start, within: 1s}",
		"exactly one is allowed",
	},
	{"no expectation", mark + "{}", "`expect` has no expectation"},
	{"unknown subject", "detect: {what: " + mark + "stale, within: 1s}", `unknown subject "stale"`},
	{
		"unknown reporter", "detect: {what: lease_lost, within: 1s, by: [self, " + mark + "pear]}",
		`unknown reporter "pear"`,
	},
	{"detect needs within", "detect: " + mark + "{what: lease_lost}", "lacks `within`"},
	{
		"detect about nobody", "detect: {what: lease_lost, within: 1s, node: " + mark + "$new}",
		"no earlier step binds $new",
	},
	{
		"detect beyond the cluster", "detect: {what: lease_lost, within: 1s, node: " + mark + "n4}",
		"no node n4",
	},
	{"bare number as a bound", "elect: {from: first.start, within: " + mark + "2}", "has no unit"},
	{
		"bound as a range", "elect: {from: first.start, within: " + mark + "1s..2s}",
		"a range cannot stand here",
	},
	{"elect needs from", "elect: " + mark + "{within: 1s}", "lacks `from`"},
	{"moment of no step", "elect: {from: " + mark + "third.start, within: 1s}", `no step has the id "third"`},
	{
		"recover from nothing", "recover: {from: " + mark + "third.start, within: 1s}",
		`no step has the id "third"`,
	},
	{
		"bare number as a share", "recover: {from: first.end, within: 1s, rate: " + mark + "90}",
		"has no percent sign",
	},
	{
		"share of nothing", "recover: {from: first.end, within: 1s, rate: " + mark + "0%}",
		"must be above zero",
	},
	{"unknown event", "sometimes: {event: " + mark + "lease.given}", `unknown event "lease.given"`},
	{"no event at all", "sometimes: {event: lease.lost, at_least: " + mark + "0}", "outside of 1.."},
	{"no window", "no: {event: lease.lost, from: first.end, until: " + mark + "first.start}", "is empty"},
	{"at_most needs count", "at_most: " + mark + "{event: lease.lost}", "lacks `count`"},
	{"less than none", "at_most: {event: lease.lost, count: " + mark + "-1}", "outside of 0.."},
	{
		"window of no step", "at_most: {event: lease.lost, count: 1, until: " + mark + "x.end}",
		`no step has the id "x"`,
	},
	{"metric has a known name", "metric: {name: " + mark + "backlog, below: 2}", `unknown name "backlog"`},
	{"metric needs a bound", "metric: " + mark + "{name: open_signals}", "`metric` has no bound"},
	{
		"metric has one bound", "metric: {name: open_signals, above: 1, " + mark + "below: 2}",
		"has 2 bounds, above and below",
	},
	{"bound is a number", "metric: {name: open_signals, below: " + mark + "few}", "is a number"},
	{
		"metric of nobody", "metric: {name: open_signals, below: 2, node: " + mark + "$x}",
		"no earlier step binds $x",
	},
	{
		"metric from nothing", "metric: {name: open_signals, below: 2, from: " + mark + "x.end}",
		`no step has the id "x"`,
	},
	{"unknown final state", "final: " + mark + "all_done", `unknown final state "all_done"`},
}

func TestEachRuleOfExpectationsRefusesAtItsPlace(t *testing.T) {
	for _, rule := range expectRules {
		t.Run(rule.claim, func(t *testing.T) {
			wantRefused(t, changed(t, "elect: {from: first.start, within: 2ttl}", rule.entry), rule.message)
		})
	}
}

// partRules add a part to the head of the file.
var partRules = []struct {
	claim, part, message string
}{
	{"nemesis needs every", "nemesis: " + mark + "{hold: 1s}", "lacks `every`"},
	{"weights of verbs", "nemesis: {every: 1s, weights: {" + mark + "kil: 1}}", `unknown verb "kil"`},
	{"weights are numbers", "nemesis: {every: 1s, weights: {kill: " + mark + "often}}", "is a whole number"},
	{"some weight", "nemesis: {every: 1s, weights: " + mark + "{kill: 0, stop: 0}}", "every weight is zero"},
	{
		"quiet needs its pace", "nemesis: {every: 1s, " + mark + "quiet_for: 1s}",
		"stands only beside `quiet_every`",
	},
	{
		"quiet for ever", "nemesis: {every: 1s, quiet_every: " + mark + "5ttl, quiet_for: 5s}",
		"leave no time for faults",
	},
	{"unknown protection", "nemesis: {every: 1s, protect: " + mark + "all}", `unknown protect "all"`},
	{"unknown promise", "assume: {redis: " + mark + "safe}", `unknown redis "safe"`},
	{
		"PostgreSQL keeps all or says nothing", "assume: {postgres: " + mark + "may_lose_acked_writes}",
		"unknown postgres",
	},
}

func TestEachRuleOfThePartsRefusesAtItsPlace(t *testing.T) {
	for _, rule := range partRules {
		t.Run(rule.claim, func(t *testing.T) {
			wantRefused(t, changed(t, "steps:\n", rule.part+"\nsteps:\n"), rule.message)
		})
	}
}

func TestAScenarioWithoutNeverIsRefused(t *testing.T) {
	e := theRefusal(t, changed(t, "- never: single-executor\n  - elect", mark+"- elect"), "has no `never`")
	if len(e.Allowed) == 0 {
		t.Error("the invariants that could be named are not listed")
	}
	entries := "\n  - never: single-executor\n  - elect: {from: first.start, within: 2ttl}\n"
	wantRefused(t, changed(t, entries, " "+mark+"[]\n"), "has no `never`")
}

func TestASingleRedisHasNoReplica(t *testing.T) {
	for _, verb := range []string{
		"redis: " + mark + "{act: failover}", "redis: " + mark + "{act: split, serves: follower}",
		"net: " + mark + "{link: redis <-> redis_replica, effect: drop}",
	} {
		source := changed(t, "net: {link: $old <-> redis, effect: drop}", verb)
		if all := refusals(t, "valid.yaml", source); len(all) > 0 {
			t.Errorf("a mode that is not said follows from the steps: %v", all)
		}
		source = strings.Replace(source, "nodes: 3", "nodes: 3, redis: {mode: single}", 1)
		wantRefused(t, source, "a single Redis has no replica")
	}
}

func TestANameIsTheFilesName(t *testing.T) {
	for _, file := range []string{"valid.yaml", "some/dir/valid.yml", "valid", "-", ""} {
		if all := refusals(t, file, valid); len(all) > 0 {
			t.Errorf("in %q: %v", file, all)
		}
	}
	all := refusals(t, "other.yaml", valid)
	if len(all) != 1 || !strings.Contains(all[0].Message, "both have one name") {
		t.Errorf("in other.yaml: %v", all)
	}
}

// hostile holds files that are no scenarios at all, or too much of one.
var hostile = []struct {
	claim, source, message string
}{
	{"empty", "", "the file is empty"},
	{"only comments", "# nothing\n\n# at all\n", "the file is empty"},
	{"only a mark", "---\n", "the file is empty"},
	{"a list", mark + "- version: 1\n", "a scenario is a mapping"},
	{"a word", mark + "version\n", "a scenario is a mapping"},
	{"two documents", valid + mark + "---\n" + valid, "a second document begins here"},
	{"an anchor", "version: 1\nname: " + mark + "&a x\n", "an anchor (&) cannot stand"},
	{"an alias", "version: 1\nname: " + mark + "*a\n", "an alias (*) cannot stand"},
	{"a merge key", mark + "<<: {version: 1}\n", "a merge key (<<) cannot stand"},
	{"a tag", "version: " + mark + "!!int 1\n", "a tag (!) cannot stand"},
	{"a directive", mark + "%YAML 1.2\n---\nversion: 1\n", "a directive (%) cannot stand"},
	{"a complex key", mark + "? version\n: 1\n", "a complex key (?) cannot stand"},
	{"a tab as indent", "steps:\n" + mark + "\t- id: a\n", "a tab cannot indent YAML"},
	{"a tab after blanks", "steps:\n " + mark + "\t- id: a\n", "a tab cannot indent YAML"},
	{"a byte that is no text", "version: 1\nname: \u00e9" + mark + "\xff\n", "byte 0xff is not UTF-8"},
	{"a control character", "version: 1\nname: a" + mark + "\x07b\n", "control character U+0007"},
	{"a NUL", "version: 1\nname: a" + mark + "\x00b\n", "control character U+0000"},
	{"a line separator", "version: 1\nname: a" + mark + "\u2028b\n", "control character U+2028"},
	{"an open bracket", "tiers: [sim, real\nname: x\n", "the file is not YAML"},
	{"an open quote", "name: " + mark + "'x\n", "the file is not YAML"},
	{
		"deep brackets", "a: " + strings.Repeat("[", maxDepth) + mark + strings.Repeat("[", 60000),
		"nest deeper than 24",
	},
	{
		"deep braces", strings.Repeat("{a: ", maxDepth) + mark + strings.Repeat("{a: ", 15000),
		"nest deeper than 24",
	},
	{
		"deep dashes", strings.Repeat("- ", maxColumn/2) + mark + strings.Repeat("- ", 30000),
		"beyond column 512",
	},
	{"many keys", strings.Repeat("a: 1\n", 20000), "more than 20000 words and signs"},
	{"many bytes", strings.Repeat("# comment\n", 13200), "a scenario has at most 131072"},
}

func TestHostileFilesAreRefusedQuicklyWithAPlace(t *testing.T) {
	for _, h := range hostile {
		t.Run(h.claim, func(t *testing.T) {
			all := refusals(t, "valid.yaml", h.source)
			if len(all) == 0 || !strings.Contains(all[0].Message, h.message) {
				t.Fatalf("want %q, got %v", h.message, all)
			}
			if at := marked(h.source); strings.Contains(h.source, mark) &&
				(all[0].Line != at.Line || all[0].Column != at.Column) {
				t.Errorf("want %d:%d, got %v", at.Line, at.Column, all[0])
			}
			if len(all[0].Detail()) > 2000 {
				t.Errorf("the message has %d bytes", len(all[0].Detail()))
			}
		})
	}
}

func TestATabInsideALineIsNoIndent(t *testing.T) {
	mustParse(t, "valid.yaml", changed(t, "at: 2s", "at: 2s\t# soon"))
}
