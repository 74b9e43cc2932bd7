package pgledger_test

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/reconcile"
	"fencepost/internal/testbed"
	"fencepost/internal/testbed/postgres"
	"fencepost/internal/verify"
	"fencepost/migrations"
)

// roles are what a superuser makes once.
const roles = `
CREATE ROLE fencepost_owner LOGIN PASSWORD 'x';
CREATE ROLE fencepost_service NOLOGIN;
CREATE ROLE fencepost_reader NOLOGIN;
CREATE ROLE blue_1 LOGIN PASSWORD 'x' IN ROLE fencepost_service;
CREATE ROLE eyes LOGIN PASSWORD 'x' IN ROLE fencepost_reader;
ALTER DATABASE ledger OWNER TO fencepost_owner`

// granted makes a server with a ledger in it to which the grants were applied,
// and returns the address for each role.
func granted(t *testing.T) func(role string) string {
	t.Helper()
	server := testbed.OwnPostgres(t, postgres.Options{OwnIdentity: true})
	if err := server.CreateDatabase(t.Context(), "ledger"); err != nil {
		t.Fatal(err)
	}
	super := connect(t, server.DSN("ledger"))
	exec(t, super, roles, pgx.QueryExecModeSimpleProtocol)
	exec(t, super, `GRANT CREATE ON SCHEMA public TO fencepost_owner`)
	as := func(role string) string {
		at, err := url.Parse(server.DSN("ledger"))
		if err != nil {
			t.Fatal(err)
		}
		at.User = url.UserPassword(role, "x")
		return at.String()
	}
	if _, err := migrations.Up(t.Context(), as("fencepost_owner")); err != nil {
		t.Fatal(err)
	}
	grants, err := os.ReadFile(filepath.Join("..", "..", "deploy", "postgres", "grants.sql"))
	if err != nil {
		t.Fatal(err)
	}
	owner := connect(t, as("fencepost_owner"))
	for range 2 { // it may be repeated
		exec(t, owner, string(grants), pgx.QueryExecModeSimpleProtocol)
	}
	return as
}

// Every operation of the ledger works for a role with the named rights alone,
// and what it leaves behind is sound.
func TestServiceNeedsNoMoreThanItsNamedRights(t *testing.T) {
	t.Parallel()
	as := granted(t)
	n1, n2 := start(t, as("blue_1"), "n1"), start(t, as("blue_1"), "n2")
	n1.beat(0)
	n1.lead()
	n1.beat(1)
	s1, s2, s3 := n1.admit("s1"), n1.admit("s2"), n1.admit("s3")
	n1.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received})
	n1.permit(1, s1, 1, 1)
	n1.reread(s1)
	n1.record(s1, 1, core.Executed)
	n1.permit(1, s2, 1, 1)
	n1.record(s2, 1, core.InDoubt)
	resent := n1.call(core.Effect{
		Op: core.Permit, Signal: s2, Attempt: 1, Version: 3, Epoch: 1, Token: n1.token, Resend: true,
	})
	if resent.Kind != core.PermitWasGranted {
		t.Errorf("resend: %+v", resent)
	}
	n1.record(s2, 1, core.InDoubt)
	word := pgledger.Decision{Signal: s2, Outcome: core.Cancelled, By: "ops", Reason: "book"}
	accepted := pgledger.Acceptance{Witness: 4, By: "ops", Reason: "restored"}
	for what, err := range map[string]error{
		"control":    n1.SetControl(t.Context(), core.Pause, "drill", "ops"),
		"decide":     n1.Decide(t.Context(), word),
		"protocol":   n1.SetProtocol(t.Context(), 0, 9),
		"regression": n1.TellRegression(t.Context(), 9),
		"conflict":   n1.TellConflict(t.Context(), s1),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, n := range claimed(t, n1, 9, time.Hour) {
		settle(t, n1, pgledger.NoticeOutcome{ID: n.ID, Attempt: n.Attempts, Ended: true})
	}
	n1.keep("pass", true, unknown("A"))
	n2.lead()
	if in := n1.beat(1); in.Kind != core.HeartbeatWasRefused {
		t.Errorf("a deposed leader's heartbeat: %+v", in)
	}
	n2.resign(2, core.GracefulShutdown)
	if _, err := n2.AcceptAuthority(t.Context(), accepted); err != nil {
		t.Errorf("accept: %v", err)
	}
	n2.token.Acquisition++
	taking := core.Effect{Op: core.TakeEpoch, Epoch: 4, Token: n2.token}
	if in := n2.call(taking); in.Kind != core.EpochWasTaken {
		t.Errorf("takeover: %+v", in)
	}
	reads(t, n2, s3)
	until(t, "a sealed ledger", func() bool {
		n, err := n2.Seal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n > 0
	})
	if err := n1.Leave(t.Context()); err != nil {
		t.Errorf("leave: %v", err)
	}
	for _, role := range []string{"eyes", "blue_1"} {
		report, err := verify.Run(t.Context(), verify.Options{DSN: as(role), Group: "test"})
		if err != nil || !report.Sound || report.Signals != 3 {
			t.Errorf("verify as %s: %+v, %v", role, report, err)
		}
	}
}

// reads asks everything that only reads.
func reads(t *testing.T, p *process, signal core.SignalID) {
	t.Helper()
	ctx := t.Context()
	for what, ask := range map[string]func() error{
		"observe": func() error { p.observe(); return nil },
		"history": func() error { _, err := p.History(ctx, 9); return err },
		"led": func() error {
			_, err := p.Led(ctx, time.Now().Add(-time.Hour),
				time.Time{})
			return err
		},
		"refusals":  func() error { _, err := p.Refusals(ctx, 9); return err },
		"instances": func() error { _, err := p.Instances(ctx); return err },
		"stale":     func() error { _, err := p.StaleInstances(ctx, time.Second); return err },
		"leader":    func() error { _, err := p.CurrentLeader(ctx, time.Second); return err },
		"control":   func() error { _, err := p.Control(ctx); return err },
		"authority": func() error { _, err := p.Authority(ctx); return err },
		"lineage":   func() error { _, err := p.Lineage(ctx); return err },
		"signals":   func() error { _, err := p.Signals(ctx, pgledger.SignalFilter{}); return err },
		"signal":    func() error { _, err := p.Signal(ctx, signal); return err },
		"decisions": func() error { _, err := p.Decisions(ctx, signal); return err },
		"census":    func() error { _, err := p.Census(ctx, pgledger.NoticeKinds()); return err },
		"notices":   func() error { _, err := p.Notices(ctx, []string{"pending"}, 9); return err },
		"findings":  func() error { return p.SeenFindings(ctx, []reconcile.Finding{unknown("A")}) },
	} {
		if err := ask(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Whoever breaks into the service cannot take anything back.
func TestServiceCanTakeNothingBack(t *testing.T) {
	t.Parallel()
	as := granted(t)
	n1 := start(t, as("blue_1"), "n1")
	n1.lead()
	n1.permit(1, n1.admit("s1"), 1, 1)
	conn, eyes := connect(t, as("blue_1")), connect(t, as("eyes"))
	for _, sql := range []string{
		`DELETE FROM signals`, `DELETE FROM attempts`, `DELETE FROM ledger_events`, `DELETE FROM
		    ledger_blocks`,
		`DELETE FROM leadership_history`, `DELETE FROM authority`, `DELETE FROM fence_refusals`,
		`DELETE FROM control_history`, `DELETE FROM decisions`, `DELETE FROM authority_acceptances`,
		`DELETE FROM reconcile_findings`, `TRUNCATE reconcile_findings`,
		`UPDATE reconcile_findings SET halted = false`,
		`TRUNCATE signals CASCADE`, `TRUNCATE attempts`, `TRUNCATE ledger_events`, `TRUNCATE ledger_blocks`,
		`UPDATE ledger_events SET what = 'x'`, `UPDATE ledger_blocks SET events = 1`,
		`UPDATE control_history SET mode = 'halt'`, `UPDATE fence_refusals SET epoch = 9`,
		`UPDATE leadership_history SET instance_id = 'x'`, `UPDATE decisions SET reason = 'x'`,
		`INSERT INTO ledger_events SELECT * FROM ledger_events`, `INSERT INTO ledger_blocks SELECT * FROM
		    ledger_blocks`,
		`SELECT ledger_events_append('test', 0, 'signal', 1, 'x', 1, '{}')`,
		`ALTER TABLE signals DISABLE TRIGGER signals_event`, `ALTER TABLE signals DISABLE TRIGGER ALL`,
		`ALTER TABLE signals DISABLE TRIGGER signals_stored_event`,
		`DROP FUNCTION ledger_events_stored() CASCADE`, `DROP FUNCTION ledger_measure()`,
		`ALTER TABLE attempts ADD COLUMN x text`, `DROP TABLE ledger_events`, `DROP INDEX
		    attempts_one_standing`,
		`DROP TRIGGER signals_event ON signals`, `DROP FUNCTION ledger_events_follow() CASCADE`,
		`CREATE OR REPLACE FUNCTION ledger_seal(text, bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 0'`,
		`SET session_replication_role = replica`, `CREATE TEMP TABLE ledger_events (x int)`,
		`CREATE TABLE public.mine (x int)`, `SELECT setval('fence_seq', 1)`,
		`ALTER SEQUENCE fence_seq RESTART`, `SET ROLE fencepost_owner`,
		`DELETE FROM notifications`, `UPDATE notifications SET message = 'x'`, `INSERT INTO notifications
		    (group_name, kind, message) VALUES ('test', 'halt', 'x')`,
		`DROP SCHEMA public CASCADE`, `UPDATE fencepost_migrations SET version_id = 1`,
	} {
		denied(t, "the service", conn, sql)
		denied(t, "a reader", eyes, sql)
	}
	for _, sql := range []string{
		`INSERT INTO authority (group_name) VALUES ('x')`, `UPDATE signals SET state = 'held'`,
		`SELECT nextval('fence_seq')`, `SELECT ledger_seal('test', 1)`, `UPDATE instance_metadata SET port =
		    1`,
	} {
		denied(t, "a reader", eyes, sql)
	}
	if n := read[int](t, eyes, `SELECT count(*) FROM signal_log`); n != 1 {
		t.Errorf("a reader sees %d signals", n)
	}
}

// denied wants the statement refused for want of a right.
func denied(t *testing.T, who string, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol)
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || refused.Code != "42501" {
		t.Errorf("%s, %s: %v", who, sql, err)
	}
}
