package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"fencepost"
	"fencepost/core"
	"fencepost/internal/identity"
	"fencepost/internal/recorder"
	"fencepost/internal/redislease"
)

// The run that the seed asked for by hand: start two, kill the leader, see the
// other lead within ten seconds, start the first again, see that a split brain
// is detected.
func TestTwoInstancesFailOverAndDetectASplitBrain(t *testing.T) {
	c := newCluster(t)
	first := c.serve("blue-1", nil)
	within(t, patience, "an instance without tables says what to do", func() bool {
		return strings.Contains(first.text(), "fencepost migrate up")
	})
	if code, out, errs := command(t, "migrate", "up", "--config", first.file, "-o", "json"); code != 0 {
		t.Fatalf("migrate: exit %d\n%s\n%s", code, out, errs)
	}
	within(t, patience, "the first leads", first.leads)
	second := c.serve("green-1", nil)
	within(t, patience, "the second is ready", second.ready)
	if second.leads() || !first.leads() {
		t.Fatal("the second took over without a reason")
	}

	first.kill()
	took := within(t, 10*time.Second, "the other leads", second.leads)
	t.Logf("the other leads after %v", took)

	again := c.serve("blue-1", first)
	within(t, patience, "the first is back and ready", again.ready)
	if again.leads() || !second.leads() {
		t.Error("the one that came back took over")
	}
	if code, out, _ := command(t, "leader", "show", "--config", again.file, "-o", "json"); code != 0 {
		t.Errorf("leader show: exit %d\n%s", code, out)
	}
	splitBrainIsDetected(t, c, second)

	if code := again.terminate(); code != 0 {
		t.Errorf("an orderly end has exit code %d", code)
	}
	if code := second.terminate(); code != 0 {
		t.Errorf("an orderly end has exit code %d", code)
	}
	journalsHold(t, map[string]bool{
		first.journal() + ".1": false, again.journal(): true, second.journal(): true,
	})
}

// journalsHold feeds what the instances have recorded to the core again. Whether
// a process ended in order, and not by a kill, stands beside its file.
func journalsHold(t *testing.T, closed map[string]bool) {
	t.Helper()
	for path, orderly := range closed {
		j, err := recorder.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		r := recorder.Verify(j)
		if r.Steps < 5 || r.Difference != nil || r.Damage != nil || r.End.Closed != orderly {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

func splitBrainIsDetected(t *testing.T, c *cluster, leader *instance) {
	t.Helper()
	if code, body := leader.ask("POST", "/test/hold", `{"point":"before:renew"}`); code != 200 {
		t.Fatalf("hold: %d %s", code, body)
	}
	client := goredis.NewClient(&goredis.Options{Addr: c.redis.Addr()})
	defer client.Close()
	foreign := identity.Text("red-1", core.Token{Nonce: 99, Acquisition: 1})
	if err := client.Set(t.Context(), redislease.Key("default"), foreign, 2*time.Second).Err(); err != nil {
		t.Fatal(err)
	}
	code, out, _ := command(t, "leader", "show", "--config", leader.file, "-o", "json")
	var seen fencepost.Leader
	if err := json.Unmarshal([]byte(out), &seen); err != nil || code != exitConflict || !seen.Conflict ||
		seen.RedisLeader == nil || *seen.RedisLeader != "red-1" {
		t.Errorf("leader show: exit %d\n%s", code, out)
	}
	if code, body := leader.ask("DELETE", "/test/hold", ""); code != 200 {
		t.Fatalf("release: %d %s", code, body)
	}
	within(t, patience, "the leader notices by itself", func() bool {
		return strings.Contains(leader.text(), `"event":"split_brain.detected"`)
	})
}

func TestReadingsAndCommandsAgainstARunningInstance(t *testing.T) {
	c := newCluster(t)
	i := c.serve("blue-1", nil)
	if code, _, errs := command(t, "migrate", "up", "--config", i.file); code != 0 {
		t.Fatal(errs)
	}
	if code, out, _ := command(t, "leader", "show", "--config", i.file); code != exitNobody {
		// Unless it was faster than this test.
		if !i.leads() {
			t.Errorf("leader show while nobody leads: exit %d\n%s", code, out)
		}
	}
	within(t, patience, "it leads and is ready", func() bool { return i.leads() && i.ready() })
	send := []string{
		"signals", "send", "--type", "BASE_ENTRY", "--instrument", "BANKNIFTY",
		"--position", "Long_1", "--lots", "12", "--signal-id", "s-1", "--timestamp", "2025-11-29T09:15:00Z",
	}
	within(t, patience, "the signal is executed", func() bool {
		code, out, _ := command(t, append(send, "--config", i.file)...)
		return code == 0 && strings.Contains(out, `"state":"executed"`)
	})
	for _, r := range []struct {
		args []string
		says string
	}{
		{[]string{"status"}, "blue-1"},
		{[]string{"leader", "show"}, "blue-1"},
		{[]string{"leader", "history"}, "election"},
		{[]string{"instances"}, "blue-1"},
		{[]string{"instances", "--stale", "0s"}, "blue-1"},
		{[]string{"signals", "list"}, "BANKNIFTY"},
		{[]string{"signals", "list", "--state", "executed,rejected"}, "BANKNIFTY"},
		{[]string{"signals", "show", "1"}, "s-1"},
		{[]string{"migrate", "status"}, "001_base.sql"},
	} {
		for _, format := range []string{"table", "json"} {
			code, out, errs := command(t, append(r.args, "--config", i.file, "-o", format)...)
			if code != 0 || !strings.Contains(out, r.says) || format == "json" && !json.Valid([]byte(out)) {
				t.Errorf("%v as %s: exit %d\n%s%s", r.args, format, code, out, errs)
			}
		}
	}
	if code, out, errs := command(t, "signals", "show", "77", "--config", i.file); code != exitNobody {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	wrong := append(send[:len(send):len(send)], "--config", i.file, "--type", "BUY")
	if code, out, _ := command(t, wrong...); code != exitFailed || !strings.Contains(out, `"field":"type"`) {
		t.Errorf("a wrong signal: exit %d\n%s", code, out)
	}
	if code, out, errs := command(t, "leader", "step-down", "--config", i.file); code != 0 {
		t.Errorf("step-down: exit %d\n%s%s", code, out, errs)
	}
	if code, out, errs := command(t, "migrate", "down", "--all", "--config", i.file); code != 0 {
		t.Errorf("migrate down: exit %d\n%s%s", code, out, errs)
	}
}
