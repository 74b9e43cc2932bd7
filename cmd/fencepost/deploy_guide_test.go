package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ourCommand finds what our program is given: alone, after settings for it, by
// another user, or in a container.
var ourCommand = regexp.MustCompile(
	`^(?:(?:[A-Z_]+="[^"]*" |sudo -u fencepost )*fencepost|.* /fencepost) ([a-z].*)$`)

// Commands of the guide: ours are understood, and the files that others are given
// exist.
func TestCommandsOfTheGuideToDeployingNameWhatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "DEPLOYING.md"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := readByTheirReaders()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ours, ofOurs := 0, regexp.MustCompile(`\bdeploy/[a-zA-Z0-9_./-]*[a-zA-Z0-9]`)
	for line := range strings.Lines(string(text)) {
		typed, indented := strings.CutPrefix(line, "    ")
		if !indented {
			continue
		}
		typed, _, _ = strings.Cut(strings.TrimSpace(typed), " #")
		if found := ourCommand.FindStringSubmatch(typed); found != nil {
			ours++
			understandable(t, "DEPLOYING.md", shellWords(found[1]))
		}
		// Those that make the secrets are carried out.
		if strings.HasPrefix(typed, "mkdir ") || strings.HasPrefix(typed, "for name in ") {
			cmd := exec.Command("sh", "-ec", typed)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%s: %v\n%s", typed, err, out)
			}
		}
		for _, path := range ofOurs.FindAllString(typed, -1) {
			_, err := os.Stat(filepath.Join("..", "..", path))
			if err != nil && !strings.HasPrefix(path, "deploy/secrets") {
				t.Errorf("DEPLOYING.md: %s: %v", typed, err)
			}
		}
	}
	for _, s := range u.Compose.Services["fencepost-1"].Secrets {
		text, err := os.ReadFile(filepath.Join(dir, "deploy", "secrets", s.Source))
		if err != nil || len(text) != 48 {
			t.Errorf("the guide makes no secret %s: %q, %v", s.Source, text, err)
		}
	}
	if ours < 12 {
		t.Errorf("the guide has %d commands of ours", ours)
	}
}

// A role that only holds rights cannot log in.
func TestFilesLogInAsRolesThatTheGuideLetsIn(t *testing.T) {
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "DEPLOYING.md"))
	if err != nil {
		t.Fatal(err)
	}
	addressed := regexp.MustCompile(`postgres://([a-z0-9_]+)@`)
	for _, name := range []string{
		"kubernetes/fencepost.yaml", "kubernetes/migrate.yaml", "systemd/fencepost.yaml",
	} {
		found := addressed.FindStringSubmatch(deployed(t, name))
		if found == nil || !strings.Contains(string(guide), "    CREATE ROLE "+found[1]+" LOGIN ") {
			t.Errorf("%s: the guide makes no role that logs in as %q", name, found)
		}
	}
}

// A rolling restart under traffic: the leader hands over, webhooks go on being
// stored by the other instance, each signal is executed, and none twice.
func TestRollingRestartLosesNothing(t *testing.T) {
	c := newCluster(t)
	if code, out, errs := command(t, "migrate", "up", "--config", c.configured(t)); code != exitDone {
		t.Fatalf("%s%s", out, errs)
	}
	nodes := []*instance{c.serve("n1", nil), nil}
	within(t, patience, "the first leads", nodes[0].leads)
	nodes[1] = c.serve("n2", nil)
	within(t, patience, "the second is ready", nodes[1].ready)
	sent := 0
	send := func(by *instance) {
		for range 5 {
			sent++
			if code := by.send(fmt.Sprint("s-", sent), ""); code != 202 {
				t.Fatalf("status %d", code)
			}
		}
	}
	for at, id := range []string{"n1", "n2"} {
		leaving, staying := nodes[at], nodes[1-at]
		send(leaving)
		ended := make(chan int)
		go func() { ended <- leaving.terminate() }()
		took := within(t, patience, "the other one leads", staying.leads)
		t.Logf("%s handed over in %v", id, took)
		send(staying)
		if code := <-ended; code != exitDone {
			t.Errorf("%s ended with code %d", id, code)
		}
		nodes[at] = c.serve(id, leaving)
		within(t, patience, id+" is ready again", nodes[at].ready)
	}
	executed(t, c.dsn, sent)
	orders := query[int](t, c.dsn, `SELECT count(*)::int FROM attempts WHERE state <> 'void'`)
	if orders != sent {
		t.Errorf("%d orders for %d signals", orders, sent)
	}
	const why = `SELECT string_agg(DISTINCT release_reason, ', ') FROM leadership_history
		WHERE released_leader_at IS NOT NULL`
	if got := query[string](t, c.dsn, why); got != "graceful_shutdown" {
		t.Errorf("leaderships ended for: %s", got)
	}
}
