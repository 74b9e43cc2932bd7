package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fencepost"
	"fencepost/core/order"
	"fencepost/internal/broker/paper"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
	"fencepost/internal/testbed/redis"
	"fencepost/migrations"
)

func TestDoctorFindsNothingWrongWhereNothingIs(t *testing.T) {
	server := testbed.OwnPostgres(t, postgres.Options{Settings: map[string]string{
		"fsync": "on", "full_page_writes": "on", "idle_in_transaction_session_timeout": "1min",
	}})
	dsn := server.DSN("postgres")
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	cache := testbed.OwnRedis(t, redis.Options{AppendOnly: true, Settings: map[string]string{
		"maxmemory": "100mb", "maxmemory-policy": "noeviction",
	}})
	desk := httptest.NewServer(paper.NewServer(paper.Config{Class: order.ClassA}))
	defer desk.Close()
	file := filepath.Join(t.TempDir(), "f.yaml")
	text := fmt.Sprintf("instance_id: blue-1\npostgres: {dsn: %q}\nredis: {addr: %q}\nadmin_token: %s\n"+
		"broker: {class: A, url: %q}\n", dsn, cache.Addr(), adminToken, desk.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "doctor", "--config", file, "-o", "json")
	var checks []fencepost.Check
	if err := json.Unmarshal([]byte(out), &checks); err != nil || code != exitDone || len(checks) < 25 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, errs)
	}
	for _, c := range checks {
		if c.Level != fencepost.CheckOK {
			t.Errorf("%+v", c)
		}
	}

	// With one store gone the rest is still judged.
	if err := cache.Kill(); err != nil {
		t.Fatal(err)
	}
	code, out, errs = command(t, "doctor", "--config", file)
	for _, want := range []string{
		"fail   redis ", "fail   authority", "ok     postgres.fsync", "ok     broker.reached",
	} {
		if code != exitNobody || !strings.Contains(out, want) {
			t.Errorf("lacks %q: exit %d\n%s%s", want, code, out, errs)
		}
	}
}

func TestDoctorOfAConfigurationThatCannotWorkSaysEverythingAtOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "f.yaml")
	text := fmt.Sprintf("postgres: {dsn: \"postgres://u@%s/x\"}\nredis: {addr: %q}\nlease: {renew: 5s}\n"+
		"broker: {adapter: alpaca, url: \"http://%s\"}\n",
		testbed.FreeAddr(t), testbed.FreeAddr(t), testbed.FreeAddr(t))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := command(t, "doctor", "--config", file)
	for _, want := range []string{
		"renew 5s", "fail   postgres ", "fail   redis ", "broker.alpaca.key_id: not set",
	} {
		if code != exitNobody || !strings.Contains(out, want) {
			t.Errorf("lacks %q: exit %d\n%s", want, code, out)
		}
	}
	// A regressed ledger is a failure, whatever else is well.
	file, _ = regressed(t)
	if code, out, _ = command(t, "doctor", "--config", file); code != exitNobody ||
		!strings.Contains(out, "epoch 0 in the ledger, witness 4 in Redis") {
		t.Errorf("exit %d\n%s", code, out)
	}
}
