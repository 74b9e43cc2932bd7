package scenarios

import (
	"strings"
	"testing"
)

// bare is a file that leaves out whatever can be left out, and holds every part
// that has a default.
const bare = `version: 1
name: bare
why: Everything that can be left out is.
tiers: [sim, real]
catches: [belief-by-flag]
steps:
  - when: {event: epoch.taken}
    webhook: {act: replay}
  - at: 1s
    operator: {act: attest}
  - id: roll
    at: 1s
    roll: {every: 1s}
nemesis: {every: 1s, quiet_every: 9ttl}
expect:
  - never: recovers
  - recover: {from: roll.end, within: 1ttl}
  - sometimes: {event: lease.lost}
`

func TestAbsentFieldsMeanWhatTheTableSays(t *testing.T) {
	s := mustParse(t, "bare.yaml", bare)
	text := string(Format(s.WithDefaults()))
	// What a service decides, and what zero means already, is not filled in; a
	// detection or a metric without a node is about all of them.
	open := map[string]bool{
		"detect.node": true, "metric.node": true, "webhook.count": true, "workload.signals": true,
	}
	eachField(&fileShape, func(shape *Shape, f *Field) {
		value := f.Default
		if value == "" || strings.Contains(value, " ") || strings.HasPrefix(value, "0s") || value == "0%" ||
			open[shape.Name+"."+f.Name] || value == "anybody" {
			return
		}
		if !strings.Contains(text, f.Name+": "+value) {
			t.Errorf("`%s` of `%s` is %s if absent, says the table; filled in it is not:\n%s",
				f.Name, shape.Name, value, text)
		}
	})
}

func TestFillingInChangesNothingThatWasSaid(t *testing.T) {
	s := mustParse(t, "valid.yaml", valid)
	before := string(Format(s))
	full := s.WithDefaults()
	if after := string(Format(s)); after != before {
		t.Errorf("the original was changed:\n%s", after)
	}
	if string(Format(full.WithDefaults())) != string(Format(full)) {
		t.Error("filling in twice differs from once")
	}
	if full.Cluster.Lease.TTL != s.Cluster.Lease.TTL || full.Run.Duration != s.Run.Duration {
		t.Error("what was said was overwritten")
	}
	if _, err := Parse("valid.yaml", Format(full)); err != nil {
		t.Errorf("the filled-in file is refused: %v", err)
	}
}

func TestARedisHasAReplicaWhereAStepNeedsOne(t *testing.T) {
	for verb, want := range map[string]RedisMode{
		"redis: {act: failover}":                             ReplicatedRedis,
		"redis: {act: split, serves: any}":                   ReplicatedRedis,
		"net: {link: redis <-> redis_replica, effect: drop}": ReplicatedRedis,
		"redis: {act: flush}":                                SingleRedis,
	} {
		s := mustParse(t, "valid.yaml", changed(t, "net: {link: $old <-> redis, effect: drop}", verb))
		if got := s.WithDefaults().Cluster.Redis.Mode; got != want {
			t.Errorf("with %s Redis is %s", verb, got)
		}
	}
}

func TestTheCountOfAWebhookDependsOnItsAct(t *testing.T) {
	for act, want := range map[string]Count{
		"burst": {10, 10}, "duplicate": {2, 2}, "replay": {1, 1}, "malformed": {1, 1},
	} {
		s := mustParse(t, "valid.yaml", changed(t, "net: {link: $old <-> redis, effect: drop}",
			"webhook: {act: "+act+"}"))
		if v, ok := s.WithDefaults().Steps[1].Verb.(Webhook); !ok || v.Count != want {
			t.Errorf("%s sends %s", act, v.Count)
		}
	}
}
