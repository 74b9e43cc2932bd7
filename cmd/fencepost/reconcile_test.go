package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost"
)

// The canary and the comparison are what a person tries first, by the commands that
// the documents show.
func TestCanaryAndReconcileAgainstARunningInstance(t *testing.T) {
	c := newCluster(t)
	i := c.serve("blue-1", nil)
	if code, out, errs := command(t, "canary", "send", "--wait", "1s", "--config", i.file); code == 0 {
		t.Errorf("a canary arrived without tables: %s%s", out, errs)
	}
	if code, _, errs := command(t, "migrate", "up", "--config", i.file); code != 0 {
		t.Fatal(errs)
	}
	within(t, patience, "it leads and is ready", func() bool { return i.leads() && i.ready() })
	canaryArrives(t, i)
	if code, out, errs := command(t, "reconcile", "--config", i.file); code != 0 ||
		!strings.Contains(errs, "0 findings") {
		t.Errorf("a clean book: exit %d\n%s%s", code, out, errs)
	}
	unknownOrderIsFound(t, c, i)
	code, out, _ := command(t, "canary", "send", "--wait", "1s", "--config", i.file)
	if code != exitNobody || !strings.Contains(out, "in time") {
		t.Errorf("a canary while halted: exit %d\n%s", code, out)
	}
	resume := []string{"control", "set", "run", "--reason", "seen", "--config", i.file}
	if code, _, errs := command(t, resume...); code != 0 {
		t.Fatal(errs)
	}
	if code, out, errs := command(t, "reconcile", "--config", i.file); code != 0 ||
		!strings.Contains(out, "yes") {
		t.Errorf("after a person has looked: exit %d\n%s%s", code, out, errs)
	}
	canaryArrives(t, i)
}

// canaryArrives sends one and wants every leg told.
func canaryArrives(t *testing.T, i *instance) {
	t.Helper()
	code, out, errs := command(t, "canary", "send", "--config", i.file, "-o", "json")
	var legs canaryLegs
	if err := json.Unmarshal([]byte(out), &legs); err != nil || code != 0 || !legs.Arrived ||
		legs.State != "cancelled" || legs.Acknowledged <= 0 || legs.Permitted == nil || legs.Gate == nil ||
		legs.Recorded == nil || *legs.Recorded < *legs.Permitted {
		t.Errorf("canary: exit %d\n%s%s", code, out, errs)
	}
}

// unknownOrderIsFound sends the broker an order behind the group's back. A look halts
// nothing; the command does.
func unknownOrderIsFound(t *testing.T, c *cluster, i *instance) {
	t.Helper()
	body := `{"client_order_id":"AAAABBBBCCCCDDDDEEEE","instrument":"GOLD","action":"EXIT",` +
		`"position":"p","lots":2}`
	request, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+c.desk+"/orders",
		strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if code, answer, err := do(request); err != nil || code != http.StatusCreated {
		t.Fatalf("%d %s %v", code, answer, err)
	}
	code, out, errs := command(t, "reconcile", "--dry-run", "--config", i.file)
	if code != exitConflict || !strings.Contains(out, "unknown_order") || strings.Contains(errs, "halt") {
		t.Errorf("a look: exit %d\n%s%s", code, out, errs)
	}
	code, out, _ = command(t, "reconcile", "--config", i.file, "-o", "json")
	var report fencepost.Reconciliation
	if err := json.Unmarshal([]byte(out), &report); err != nil || code != exitConflict ||
		len(report.Findings) != 1 {
		t.Errorf("exit %d\n%s", code, out)
	}
	if code, out, _ := command(t, "control", "show", "--config", i.file); code != 0 ||
		!strings.Contains(out, "reconciler") || !strings.Contains(out, "halt") {
		t.Errorf("exit %d\n%s", code, out)
	}
}

func TestReconcileAndCanaryRefuseWhatCannotWork(t *testing.T) {
	file := filepath.Join(t.TempDir(), "away.yaml")
	text := "postgres: {dsn: \"postgres://u@127.0.0.1:1/x\"}\n" +
		"broker: {url: \"http://127.0.0.1:1\", class: A}\n" +
		"webhook: {sources: {s: {tokens: [abcdefghijklmnop]}}}\nlisten: 127.0.0.1:1\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"reconcile"}, 64, "broker.url"},
		{[]string{"reconcile", "--config", file}, 1, "not compared"},
		{[]string{"canary"}, 64, "canary --help"},
		{[]string{"canary", "send"}, 64, "postgres.dsn"},
		{[]string{"canary", "send", "--config", file, "--wait", "10"}, 64, "10"},
		{[]string{"canary", "send", "--config", file, "--wait", "1ms"}, 64, "1s to 1h"},
		{[]string{"canary", "send", "--config", file, "--source", "x"}, 64, "not among the configured"},
	} {
		code, _, errs := command(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.says, errs)
		}
	}
	if code, out, _ := command(t, "canary", "send", "--config", file); code != exitNobody ||
		!strings.Contains(out, "no answer in time") {
		t.Errorf("nobody listens: exit %d\n%s", code, out)
	}
}
