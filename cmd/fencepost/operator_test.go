package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"fencepost"
)

// The night of an operator, against a process that runs: an order is cut off
// before the broker sees it, a person stops the group, looks, resolves the
// doubt, and lets the group go on.
func TestOperatorStopsLooksResolvesAndResumes(t *testing.T) {
	c := newClusterOf(t, "C", "--behave", "down:count=1")
	c.more = "reconcile: {interval: 0s}\n" // it would ask the broker first
	i := c.serve("blue-1", nil)
	if code, _, errs := command(t, "migrate", "up", "--config", i.file); code != 0 {
		t.Fatal(errs)
	}
	within(t, patience, "it leads and is ready", func() bool { return i.leads() && i.ready() })
	send := func(id string) {
		t.Helper()
		code, out, errs := command(t, "signals", "send", "--type", "EXIT", "--instrument", "NIFTY",
			"--position", "Long_1", "--lots", "2", "--signal-id", id, "--timestamp", "t", "--config", i.file)
		if code != exitDone {
			t.Fatalf("send %s: exit %d\n%s%s", id, code, out, errs)
		}
	}
	send("s-1")
	var doubts []fencepost.InDoubt
	within(t, patience, "it is in doubt, and a person is called", func() bool {
		code, body := i.ask("GET", "/v1/in-doubt", "")
		return code == 200 && json.Unmarshal([]byte(body), &doubts) == nil && len(doubts) == 1 &&
			doubts[0].AlertedAt != nil
	})
	d := doubts[0]
	if len(d.LookFor) != 1 || !strings.Contains(d.LookFor[0], d.Attempts[0].ClientOrderID) {
		t.Errorf("look for %q", d.LookFor)
	}

	code, out, errs := command(t, "halt", "--reason", "an order is missing", "--config", i.file)
	if code != exitDone {
		t.Fatalf("halt: exit %d\n%s%s", code, out, errs)
	}
	send("s-2")
	within(t, patience, "the instance knows of the halt", func() bool {
		_, body := i.ask("GET", "/v1/status", "")
		return strings.Contains(body, `"control":"halt"`)
	})
	if code, body := i.ask("GET", "/v1/signals/2/story", ""); code != 200 ||
		!strings.Contains(body, "it waits: the control mode is halt") {
		t.Errorf("story of the second: %d %s", code, body)
	}

	resolves(t, i, &d)
	code, out, errs = command(t, "resume", "--reason", "the log is clear", "--config", i.file,
		"--yes-i-confirm", "resume default")
	if code != exitDone || !strings.Contains(errs, "received: 2") {
		t.Fatalf("resume: exit %d\n%s%s", code, out, errs)
	}
	within(t, patience, "both are executed", func() bool {
		_, out, _ := command(t, "signals", "list", "--state", "executed", "--config", i.file, "-o", "json")
		return strings.Count(out, `"state": "executed"`) == 2
	})
	for _, says := range []string{
		"attempt 1 was permitted to blue-1", `"the desk's log"`, "attempt 2 was permitted to blue-1",
		"executed the order", "at its end",
	} {
		code, out, errs := command(t, "signals", "explain", "1", "--config", i.file)
		if code != exitDone || !strings.Contains(out, says) {
			t.Errorf("lacks %q: exit %d\n%s%s", says, code, out, errs)
		}
	}
}

// resolves says over HTTP that the order was not sent: first about a version
// that nobody saw.
func resolves(t *testing.T, i *instance, d *fencepost.InDoubt) {
	t.Helper()
	word := func(version int64) string {
		return fmt.Sprintf(`{"as":"not-sent","evidence":"the desk's log","by":"ops","version":%d,`+
			`"confirm":"signal %d was not sent"}`, version, d.ID)
	}
	path := fmt.Sprintf("/v1/in-doubt/%d/resolve", d.ID)
	if code, body := i.ask("POST", path, word(d.Version+7)); code != 409 {
		t.Errorf("over a version that nobody saw: %d %s", code, body)
	}
	if code, body := i.ask("POST", path, word(d.Version)); code != 200 ||
		!strings.Contains(body, `"state":"received"`) {
		t.Fatalf("resolve: %d %s", code, body)
	}
}
