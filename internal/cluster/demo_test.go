package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestKilledLeaderIsReplacedAndNothingIsSentTwice is the demonstration itself,
// on real processes.
func TestKilledLeaderIsReplacedAndNothingIsSentTwice(t *testing.T) {
	ctx := t.Context()
	c, err := Start(ctx, Options{Program: program(t)})
	if err != nil {
		t.Fatal(err)
	}
	stopped := false
	t.Cleanup(func() {
		if !stopped {
			_ = c.Stop(context.WithoutCancel(ctx))
		}
	})
	leader, err := c.AwaitReady(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	held, err := Demo(ctx, c, &out)
	t.Log("\n" + out.String())
	if err != nil || !held {
		t.Errorf("held: %t, error: %v", held, err)
		for _, n := range c.Nodes() {
			t.Logf("%s:\n%s", n.ID(), n.LogTail(20))
		}
	}
	if now, err := c.Leader(ctx); err != nil || now.Epoch <= leader.Epoch {
		t.Errorf("epoch %d leads after epoch %d was killed: %v", now.Epoch, leader.Epoch, err)
	}
	checkState(t, c)
	was := all(c)
	stopped = true
	if err := c.Stop(ctx); err != nil {
		t.Error(err)
	}
	if running := left(was.PIDs); len(running) > 0 {
		t.Errorf("after the end %v run", running)
	}
	if _, err := os.Stat(was.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after the end %s is left", was.Dir)
	}
}

// checkState holds the file against what programs rely on.
func checkState(t *testing.T, c *Cluster) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.json")
	if err := c.State().Write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(text, &state); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"admin_token", "broker_url", "nodes", "pid", "postgres_dsn", "program", "redis", "webhook_token",
	}
	if got := slices.Sorted(maps.Keys(state)); !slices.Equal(got, want) {
		t.Errorf("the state holds %v, want %v", got, want)
	}
	nodes, ok := state["nodes"].([]any)
	if !ok || len(nodes) != 3 {
		t.Fatalf("nodes: %v", state["nodes"])
	}
	for i, entry := range nodes {
		node, ok := entry.(map[string]any)
		keys := slices.Sorted(maps.Keys(node))
		if !ok || !slices.Equal(keys, []string{"admin_url", "config", "id", "pid", "url"}) {
			t.Errorf("node %d holds %v", i, keys)
		}
		if pid, ok := node["pid"].(float64); !ok || !lives(int(pid)) {
			t.Errorf("node %d names process %v, which does not run", i, node["pid"])
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the state holds secrets and has mode %v: %v", info.Mode(), err)
	}
}
