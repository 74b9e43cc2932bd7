package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/testbed"
	"fencepost/migrations"
)

func TestVerifyTellsASoundLedgerFromABrokenOne(t *testing.T) {
	dsn := testbed.Postgres(t)
	file := filepath.Join(t.TempDir(), "f.yaml")
	text := fmt.Sprintf("group: desk\nredis: {addr: \"127.0.0.1:1\"}\npostgres: {dsn: %q}\n", dsn)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, "verify", "--config", file); code != 1 ||
		!strings.Contains(errs, "migrate up") {
		t.Errorf("without tables: exit %d: %s", code, errs)
	}
	if _, err := migrations.Up(t.Context(), dsn); err != nil {
		t.Fatal(err)
	}
	l, err := pgledger.Open(pgledger.Options{DSN: dsn, Group: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.SetControl(t.Context(), core.Pause, "drill", "ops"); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t, "verify", "--config", file, "--seal")
	if code != 0 || !strings.Contains(out, "sound") {
		t.Fatalf("exit %d: %s%s", code, out, errs)
	}
	_, after, _ := strings.Cut(out, "anchor")
	anchor := strings.TrimSpace(after)
	if code, out, errs := command(t, "verify", "--config", file, "--anchor", anchor); code != 0 {
		t.Errorf("with its own anchor %q: exit %d: %s%s", anchor, code, out, errs)
	}
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `UPDATE authority SET control_mode = 'run'`); err != nil {
		t.Fatal(err)
	}
	code, out, _ = command(t, "verify", "--config", file)
	if code != 3 || !strings.Contains(out, "control-agrees") || !strings.Contains(out, "mode pause") {
		t.Errorf("exit %d: %s", code, out)
	}
	code, out, _ = command(t, "verify", "--config", file, "-o", "json")
	if code != 3 || !strings.Contains(out, `"invariant": "control-agrees"`) {
		t.Errorf("exit %d: %s", code, out)
	}
}

func TestEvidenceIsAskedForInTheRightWords(t *testing.T) {
	away := filepath.Join(t.TempDir(), "away.yaml")
	const text = "postgres: {dsn: \"postgres://u@127.0.0.1:1/x\"}\nredis: {addr: \"127.0.0.1:1\"}\n"
	if err := os.WriteFile(away, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"leader", "history", "--from", "noon", "--config", away}, 64, "14:00"},
		{[]string{"leader", "history", "--to", "15:00", "--config", away}, 64, "--from"},
		{[]string{"leader", "history", "--from", "15:00", "--to", "14:00", "--config", away}, 64, "after"},
		{[]string{"leader", "history", "--from", "00:00", "--config", away}, 1, "refused"},
		{[]string{"verify", "--config", away}, 1, "refused"},
		{[]string{"verify", "--config", away, "--seal"}, 1, "refused"},
		{[]string{"verify", "--config", away, "--anchor", "7"}, 64, "NUMBER:HASH"},
		{[]string{"verify", "--config", away, "--tail", "0s"}, 64, "positive"},
	} {
		code, _, errs := command(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("%v: exit %d, want %d and %q:\n%s", c.args, code, c.code, c.says, errs)
		}
	}
}
