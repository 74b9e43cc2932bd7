package main

import (
	"encoding/json"
	"strings"
	"testing"

	"fencepost"
)

// A group is upgraded from one version of the protocol to the next. Whoever speaks
// the older one leads until it hands over, is not elected again, and says why.
func TestAnInstanceWhoseVersionIsNotAdmittedNeverLeadsAndSaysSo(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	old := c.serve("blue-1", nil)
	if code, _, errs := command(t, "migrate", "up", "--config", old.file); code != 0 {
		t.Fatal(errs)
	}
	within(t, patience, "the older leads", old.leads)
	c.more = "unsafe_protocol_version: 2\n"
	young := c.serve("green-1", nil)
	within(t, patience, "the younger is ready", young.ready)
	if code, out, errs := command(t, "authority", "protocol", "2..2", "--config", old.file); code != 0 ||
		!strings.Contains(out, "2..2") {
		t.Fatalf("protocol: exit %d\n%s%s", code, out, errs)
	}
	const why = "speaks version 1 of the protocol, and the ledger admits 2 to 2"
	saysWhy := func() bool {
		_, body := old.ask("GET", "/v1/status", "")
		var s fencepost.Status
		return json.Unmarshal([]byte(body), &s) == nil && s.Protocol == 1 && !s.Eligible &&
			s.NotEligible == why
	}
	within(t, patience, "the incumbent says that it will not stand again", saysWhy)
	within(t, patience, "the incumbent's log says it", func() bool {
		return strings.Contains(old.text(), `"event":"protocol.not_admitted"`)
	})
	if !old.leads() {
		t.Error("a leader was deposed by the range alone")
	}
	if code, out, errs := command(t, "leader", "step-down", "--config", old.file); code != 0 {
		t.Fatalf("step-down: exit %d\n%s%s", code, out, errs)
	}
	within(t, patience, "the younger leads", young.leads)
	within(t, patience, "the older says why it does not stand", saysWhy)
	if code, out, _ := command(t, "status", "--config", old.file); code != 0 || !strings.Contains(out, why) {
		t.Errorf("status: exit %d\n%s", code, out)
	}
	_, out, _ := command(t, "doctor", "--config", old.file)
	if !strings.Contains(out, "the group admits 2 to 2") {
		t.Errorf("doctor:\n%s", out)
	}
	// Without the younger nobody leads: the older may not.
	young.terminate()
	if code, _, _ := command(t, "authority", "protocol", "any", "--config", old.file); code != 0 {
		t.Error("the bound cannot be lifted")
	}
	within(t, patience, "the older leads again once it is admitted", old.leads)
	if strings.Count(old.text(), `"event":"leader.elected"`) != 2 {
		t.Errorf("the older was elected while it was not admitted")
	}
}

func TestARangeOfVersionsIsReadStrictly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "1", "2..1", "0..1", "1..", "..1", "1..2..3", "a..b", "1..65536", "all",
	} {
		if _, _, err := versions(text); err == nil {
			t.Errorf("took %q", text)
		}
	}
	for text, want := range map[string][2]uint16{"1..2": {1, 2}, "2..2": {2, 2}, "any": {}} {
		lowest, highest, err := versions(text)
		if err != nil || lowest != want[0] || highest != want[1] {
			t.Errorf("%q: %d to %d, %v", text, lowest, highest, err)
		}
	}
}
