package sim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/scenarios"
)

// configured compiles the dense scenario with settings of the service.
func configured(t *testing.T, settings ...scenarios.Setting) (*Program, error) {
	t.Helper()
	s := denseFaults()
	s.Cluster.Config = settings
	return Compile(s)
}

func TestSettingsReachTheNodesAndTheBroker(t *testing.T) {
	p, err := configured(t,
		scenarios.Setting{Name: "lease.heartbeat", Value: "1500ms"},
		scenarios.Setting{Name: "lease.send_by", Value: "1s"},
		scenarios.Setting{Name: "paper.fill_after", Value: "2s"},
		scenarios.Setting{Name: "paper.unfilled", Value: "12.5%"})
	if err != nil {
		t.Fatal(err)
	}
	c := p.config
	if c.Heartbeat != 1500*time.Millisecond || c.SendBy != time.Second || p.fillAfter != 2*time.Second ||
		p.unfilled != 125_000 {
		t.Errorf("heartbeat %v, send_by %v, fill after %v, unfilled %d", c.Heartbeat, c.SendBy, p.fillAfter,
			p.unfilled)
	}
}

func TestSettingsThatCannotBeAreRefused(t *testing.T) {
	for given, want := range map[scenarios.Setting]string{
		{Name: "lease.heartbeet", Value: "1s"}:    "does not know the setting",
		{Name: "lease.heartbeat", Value: "soon"}:  "cannot be",
		{Name: "lease.heartbeat", Value: "9s"}:    "the service would refuse",
		{Name: "paper.unfilled", Value: "120%"}:   "cannot be",
		{Name: "paper.unfilled", Value: "0.1"}:    "cannot be",
		{Name: "paper.fill_after", Value: "-10s"}: "cannot be",
	} {
		_, err := configured(t, given)
		var refused *scenarios.Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %s is refused with %v", given.Name, given.Value, err)
		}
	}
}

func TestPeopleDecideAboutWhatNobodyHasSent(t *testing.T) {
	s, err := scenarios.Parse("", []byte(`version: 1
name: people
why: a person holds signals back while a halt keeps them unsent
tiers: [sim, real]
catches: [ignores-halt]
cluster: {lease: {ttl: 1s}}
workload: {signals: 20/s}
steps:
  - {at: 1s, control: {set: halt}}
  - {at: 2s, operator: {act: hold}}
  - {at: 2500ms, operator: {act: release}}
  - {at: 3s, operator: {act: hold}}
  - {at: 3500ms, operator: {act: cancel}}
  - {at: 4s, operator: {act: reject}}
  - {at: 4500ms, control: {set: run}}
expect: [{never: single-executor}]
run: {duration: 10ttl, seeds: {sim: 1}}
`))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	r := NewWorld(p).Run(1)
	if r.Verdict != scenarios.Pass {
		t.Fatalf("%v: %+v", r.Verdict, r.Failure)
	}
	for _, arrow := range [][2]core.SignalState{
		{core.Received, core.Held},
		{core.Held, core.Received},
		{core.Held, core.Cancelled},
		{core.Received, core.Rejected},
	} {
		if r.Marks[fromArrows+int(arrow[0])*markedStates+int(arrow[1])] == 0 {
			t.Errorf("no signal went from %s to %s", arrow[0], arrow[1])
		}
	}
}
