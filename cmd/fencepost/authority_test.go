package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"fencepost"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/redis"
	"fencepost/migrations"
)

// regressed is a configuration of a migrated ledger that is four epochs behind
// the witness in its Redis.
func regressed(t *testing.T) (file string, server *redis.Server) {
	t.Helper()
	server, dsn := testbed.Redis(t), testbed.Postgres(t)
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr()})
	defer client.Close()
	if err := client.Set(t.Context(), redislease.WitnessKey("desk"), "4", 0).Err(); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "f.yaml")
	text := fmt.Sprintf("group: desk\npostgres: {dsn: %q}\nredis: {addr: %q}\n", dsn, server.Addr())
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, server
}

// typed runs the program while somebody types.
func typed(t *testing.T, input string, args ...string) (out, errs string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	root := (&app{out: &o, errs: &e}).root()
	root.SetArgs(args)
	root.SetIn(strings.NewReader(input))
	err = root.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

func TestAuthorityIsAcceptedOnlyWithTheGroupsNameTyped(t *testing.T) {
	file, _ := regressed(t)
	code, out, _ := command(t, "authority", "show", "--config", file)
	if code != exitConflict || !strings.Contains(out, "went back in time  yes") {
		t.Errorf("show: exit %d\n%s", code, out)
	}
	accept := []string{"authority", "accept", "--config", file, "--reason", "restored on purpose", "--by", "ops"}
	for _, input := range []string{"", "yes\n", "default\n", "DESK\n", "desk2\n"} {
		_, errs, err := typed(t, input, accept...)
		if err == nil || !strings.Contains(err.Error(), "nothing was changed") ||
			!strings.Contains(errs, "Type the group's name, desk") || !strings.Contains(errs, "witness in Redis: 4") {
			t.Errorf("typed %q: %v\n%s", input, err, errs)
		}
	}
	if code, _, _ = command(t, "authority", "show", "--config", file); code != exitConflict {
		t.Errorf("changed without consent: show exits with %d", code)
	}
	out, _, err := typed(t, "desk\n", append(accept, "-o", "json")...)
	var done fencepost.Accepted
	if err != nil || json.Unmarshal([]byte(out), &done) != nil ||
		done != (fencepost.Accepted{Found: 0, Epoch: 4, Count: 1}) {
		t.Errorf("accepted %+v, %v\n%s", done, err, out)
	}
	code, out, _ = command(t, "authority", "show", "--config", file, "-o", "json")
	var found fencepost.Authority
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != exitDone {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	if l := found.Ledger; found.Regressed || *found.Witness != 4 || l.Epoch != 4 || l.Accepted != 1 ||
		l.LastAcceptance.By != "ops" || l.LastAcceptance.Reason != "restored on purpose" {
		t.Errorf("%s", out)
	}
}

// A script says --yes. Where Redis has forgotten, or is away, a person must say
// how far the epochs went.
func TestAuthorityIsAcceptedWithoutRedisOnlyUpToAnEpochThatIsSaid(t *testing.T) {
	file, server := regressed(t)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	accept := []string{"authority", "accept", "--config", file, "--reason", "Redis is gone too", "--yes"}
	if code, _, errs := command(t, accept...); code != exitFailed || !strings.Contains(errs, "highest epoch") {
		t.Errorf("without a witness: exit %d %s", code, errs)
	}
	code, out, errs := command(t, append(accept, "--epoch", "9")...)
	if code != exitDone || !strings.Contains(out, "epoch now    9") {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	if code, out, _ = command(t, "authority", "show", "--config", file); code != exitFailed ||
		!strings.Contains(out, "Redis is gone too") || !strings.Contains(out, "no answer") {
		t.Errorf("show: exit %d\n%s", code, out)
	}
}
