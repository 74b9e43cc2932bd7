package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"fencepost"
	"fencepost/internal/pgledger"
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

// stored puts a signal into the ledger of that configuration and returns its
// number.
func stored(t *testing.T, file string) string {
	t.Helper()
	c, err := fencepost.LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	ledger, err := pgledger.Open(pgledger.Options{
		DSN: c.Postgres.DSN.Reveal(), Group: c.Group, Instance: "blue-1", Nonce: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	a, err := ledger.Admit(t.Context(), &pgledger.Offer{
		Key: "k", Type: "EXIT", Instrument: "NIFTY", Position: "LONG", Timestamp: "t", Payload: []byte("{}"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return strconv.FormatInt(int64(a.Signal), 10)
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
	accept := []string{
		"authority", "accept", "--config", file, "--reason", "restored on purpose", "--by", "ops",
	}
	for _, input := range []string{"", "yes\n", "default\n", "DESK\n", "desk2\n"} {
		_, errs, err := typed(t, input, accept...)
		if err == nil || !strings.Contains(err.Error(), "nothing was changed") ||
			!strings.Contains(errs, "Type the group's name, desk") ||
			!strings.Contains(errs, "witness in Redis: 4") {
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
	code, _, errs := command(t, accept...)
	if code != exitFailed || !strings.Contains(errs, "highest epoch") {
		t.Errorf("without a witness: exit %d %s", code, errs)
	}
	var out string
	code, out, errs = command(t, append(accept, "--epoch", "9")...)
	if code != exitDone || !strings.Contains(out, "epoch now    9") {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	if code, out, _ = command(t, "authority", "show", "--config", file); code != exitFailed ||
		!strings.Contains(out, "Redis is gone too") || !strings.Contains(out, "no answer") {
		t.Errorf("show: exit %d\n%s", code, out)
	}
}

func TestPersonSetsTheModeAndDecidesSignals(t *testing.T) {
	file, _ := regressed(t)
	code, out, errs := command(t, "control", "set", "pause", "--reason", "we look", "--config", file)
	if code != exitDone || !strings.Contains(out, "we look") {
		t.Errorf("exit %d %s%s", code, out, errs)
	}
	code, out, _ = command(t, "control", "show", "-o", "json", "--config", file)
	var found map[string]any
	err := json.Unmarshal([]byte(out), &found)
	if err != nil || code != exitDone || found["control"] != "pause" {
		t.Errorf("exit %d %s", code, out)
	}
	id := stored(t, file)
	decide := func(outcome string) (int, string) {
		code, out, errs := command(t, "signals", "decide", id, outcome, "--reason", "seen", "--config", file)
		return code, out + errs
	}
	for _, step := range []struct {
		outcome string
		code    int
		says    string
	}{
		{"held", exitDone, "held seen"},
		{"executed", exitConflict, "no such arrow"},
		{"received", exitDone, "received seen"},
		{"cancelled", exitDone, "cancelled seen"},
		{"received", exitConflict, "cancelled"},
	} {
		if code, text := decide(step.outcome); code != step.code || !strings.Contains(text, step.says) {
			t.Errorf("%s: exit %d %s", step.outcome, code, text)
		}
	}
	id = "9999"
	if code, text := decide("held"); code != exitNobody {
		t.Errorf("of no signal: exit %d %s", code, text)
	}
}
