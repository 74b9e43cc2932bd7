package verify_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"fencepost/internal/verify"
)

// Somebody with a superuser's rights changes rows behind the ledger's back.
// found are the invariants that are then broken, all of them, in the order of
// verify.Invariants.
var corruptions = []struct {
	name, sql string
	found     []verify.Invariant
	// where stands in one of the findings.
	where string
}{
	{
		"an event is deleted",
		`DELETE FROM ledger_events WHERE chain = 1 AND number = 2`,
		[]verify.Invariant{verify.ChainUnbroken, verify.BlocksUnbroken},
		"signal 1, event 3",
	},
	{
		"an event's content is changed",
		`UPDATE ledger_events SET content = content || '{"instrument": "GOLD"}' WHERE chain = 2 AND number =
		    1`,
		[]verify.Invariant{verify.ChainUnbroken},
		"signal 2, event 1",
	},
	{
		"an event's time is changed",
		`UPDATE ledger_events SET happened_at = happened_at - interval '1 hour' WHERE chain = 0 AND number =
		    2`,
		[]verify.Invariant{verify.ChainUnbroken},
		"leadership, event 2",
	},
	{
		"an event is changed, and its chain is computed anew",
		`UPDATE ledger_events SET what = 'rejected', hash = sha256(convert_to(concat_ws(E'\n', '', '4:test',
		    chain,
		     number, entity, entity_id, 'rejected', epoch, (extract(epoch FROM happened_at) *
		         1000000)::bigint,
		     xid, content::text), 'UTF8')) WHERE chain < 0 AND number = 1 AND entity_id = 1`,
		[]verify.Invariant{verify.BlocksUnbroken},
		"block",
	},
	{
		"the tail of a chain is cut off",
		`DELETE FROM ledger_events WHERE chain = 5 AND number >= 3`,
		[]verify.Invariant{verify.EventsAgree, verify.BlocksUnbroken},
		"signal 5",
	},
	{
		"the outcome of an order is changed",
		`UPDATE attempts SET state = 'rejected', outcome = 'rejected' WHERE signal = 1`,
		[]verify.Invariant{verify.NoPhantomSuccess, verify.EventsAgree},
		"signal 1, attempt 1",
	},
	{
		"a second attempt lives",
		`DROP INDEX attempts_one_standing; UPDATE attempts SET state = 'executed', outcome = 'executed'
		 WHERE signal = 2 AND attempt = 1`,
		[]verify.Invariant{verify.SchemaIntact, verify.SingleExecutor, verify.EventsAgree},
		"signal 2",
	},
	{
		"what a comparison found is changed",
		`UPDATE reconcile_findings SET detail = 'all is well'`,
		[]verify.Invariant{verify.EventsAgree},
		"comparison's finding 1",
	},
	{
		"what a comparison found vanishes",
		`DELETE FROM reconcile_findings`,
		[]verify.Invariant{verify.EventsAgree},
		"comparison's finding 1",
	},
	{
		"the database was rebuilt from a dump",
		`UPDATE ledger_blocks SET upto_xid = 8589934592
		 WHERE number = (SELECT max(number) FROM ledger_blocks)`,
		[]verify.Invariant{verify.BlocksUnbroken, verify.TailSealed},
		"block",
	},
	{
		"an epoch is missing",
		`DELETE FROM leadership_history WHERE epoch = 3`,
		[]verify.Invariant{verify.EpochMonotonic, verify.HistoryComplete},
		"tenure 3",
	},
	{
		"two tenures are open",
		`DROP INDEX leadership_history_one_open_tenure; UPDATE leadership_history
		 SET released_leader_at = NULL, release_reason = NULL, release_fence_seq = NULL WHERE epoch = 2`,
		[]verify.Invariant{verify.SchemaIntact, verify.HistoryComplete, verify.EventsAgree},
		"tenure 2",
	},
	{
		"an older epoch is permitted after a younger one began",
		`UPDATE attempts SET epoch = 1, token = (SELECT token FROM leadership_history WHERE epoch = 1)
		 WHERE signal = 5`,
		[]verify.Invariant{verify.SingleExecutor, verify.EventsAgree},
		"signal 5, attempt 1",
	},
	{
		"a permit moves behind the end of its tenure",
		`UPDATE attempts SET fence_seq = (SELECT release_fence_seq FROM leadership_history WHERE epoch = 2)
		 WHERE signal = 5`,
		[]verify.Invariant{verify.SingleExecutor, verify.EventsAgree},
		"signal 5, attempt 1",
	},
	{
		"a signal vanishes with all that tells of it",
		`DELETE FROM attempts WHERE signal = 1; DELETE FROM ledger_events WHERE chain = 1;
		 DELETE FROM signals WHERE id = 1`,
		[]verify.Invariant{verify.BlocksUnbroken},
		"block 1",
	},
	{
		"a signal vanishes and its events stay",
		`DELETE FROM attempts WHERE signal = 1; DELETE FROM signals WHERE id = 1`,
		[]verify.Invariant{verify.NoLostSignal},
		"signal 1",
	},
	{
		"an attempt vanishes",
		`DELETE FROM attempts WHERE signal = 2 AND attempt = 1`,
		[]verify.Invariant{verify.AttemptsNumbered},
		"signal 2, attempt 1",
	},
	{
		"a signal is executed without an attempt",
		`UPDATE signals SET state = 'executed', ended_at = clock_timestamp() WHERE id = 9`,
		[]verify.Invariant{verify.NoPhantomSuccess, verify.EventsAgree},
		"signal 9",
	},
	{
		"a signal is executed without proof",
		`UPDATE attempts SET recorded_at = NULL, recorded_by = '' WHERE signal = 1`,
		[]verify.Invariant{verify.NoPhantomSuccess, verify.EventsAgree},
		"signal 1",
	},
	{
		"a signal waits, while its order stands",
		`UPDATE signals SET state = 'received' WHERE id = 3`,
		[]verify.Invariant{verify.StatesAgree, verify.EventsAgree},
		"signal 3",
	},
	{
		"two blocks change places",
		`UPDATE ledger_blocks b SET hash = o.hash FROM ledger_blocks o
		 WHERE b.number + o.number = 3 AND b.number IN (1, 2)`,
		[]verify.Invariant{verify.BlocksUnbroken},
		"block 1",
	},
	{
		"a block is missing",
		`DELETE FROM ledger_blocks WHERE number = 1`,
		[]verify.Invariant{verify.BlocksUnbroken},
		"block 2",
	},
	{
		"an order has another id",
		`UPDATE attempts SET client_order_id = 'ABCDEFGHIJKLMNOPQRST' WHERE signal = 1`,
		[]verify.Invariant{verify.OrderIDsDerived, verify.EventsAgree},
		"signal 1, attempt 1",
	},
	{
		"a signal has another key",
		`UPDATE signals SET key = 'another' WHERE id = 10`,
		[]verify.Invariant{verify.KeysDerived, verify.OrderIDsDerived, verify.EventsAgree},
		"signal 10",
	},
	{
		"the control mode is set behind its history's back",
		`UPDATE authority SET control_mode = 'halt'`,
		[]verify.Invariant{verify.ControlAgrees, verify.EventsAgree},
		"authority",
	},
	{
		"the time of a tenure is changed",
		`UPDATE leadership_history SET released_leader_at = released_leader_at + interval '1 hour' WHERE
		    epoch = 1`,
		[]verify.Invariant{verify.EventsAgree},
		"tenure 1",
	},
	{
		"the authority falls back",
		`UPDATE authority SET epoch = 4`,
		[]verify.Invariant{verify.EpochMonotonic, verify.EventsAgree},
		"authority",
	},
	{
		"a refusal is removed",
		`DELETE FROM fence_refusals WHERE id = (SELECT min(id) FROM fence_refusals)`,
		[]verify.Invariant{verify.NoStaleEffect},
		"refusal 1",
	},
	{
		"an acceptance is removed",
		`DELETE FROM authority_acceptances`,
		[]verify.Invariant{verify.AcceptancesAgree},
		"acceptance 1",
	},
	{
		"a decision is changed",
		`UPDATE decisions SET decided_by = 'nobody' WHERE id = 1`,
		[]verify.Invariant{verify.EventsAgree},
		"signal 2, decision 1",
	},
	{
		"a number of the fence is made up",
		`UPDATE attempts SET fence_seq = 1000 WHERE signal = 10`,
		[]verify.Invariant{verify.FenceOrdered, verify.EventsAgree},
		"signal 10",
	},
	{
		"a row is written while its trigger is off",
		`INSERT INTO signals (group_name, key, signal_id, type, instrument, position, "timestamp", payload)
		 VALUES ('test', 'x', 'x', 'EXIT', 'NIFTY', 'LONG', 't', '')`,
		[]verify.Invariant{verify.EventsAgree},
		"signal 11",
	},
	{
		"a trigger stays off",
		`ALTER TABLE signals DISABLE TRIGGER signals_never_vanish`,
		[]verify.Invariant{verify.SchemaIntact},
		"table signals",
	},
	{
		"nobody seals",
		`DELETE FROM ledger_blocks WHERE number = (SELECT max(number) FROM ledger_blocks);
		 UPDATE ledger_events SET happened_at = happened_at - interval '1 hour' WHERE chain = 10 AND number
		     = 3`,
		[]verify.Invariant{verify.ChainUnbroken, verify.TailSealed},
		"youngest",
	},
}

func TestEveryCorruptionIsFoundUnderItsName(t *testing.T) {
	template, _ := story(t)
	for _, c := range corruptions {
		t.Run(c.name, func(t *testing.T) {
			_, dsn := database(t, template)
			corrupt(t, dsn, c.sql)
			report := judged(t, dsn, nil)
			if got := broken(report); !slices.Equal(got, c.found) {
				t.Errorf("found %v, want %v", got, c.found)
			}
			named := false
			for _, f := range report.Findings {
				named = named || strings.Contains(f.Where, c.where)
				if f.Expected == "" || f.Found == "" || f.Do == "" {
					t.Errorf("a finding that does not say everything: %+v", f)
				}
			}
			if !named || report.Sound {
				t.Errorf("no finding about %s", c.where)
			}
			if t.Failed() {
				for _, f := range report.Findings {
					t.Log(f)
				}
			}
		})
	}
}

// corrupt does what only a superuser can.
func corrupt(t testing.TB, dsn, sql string) {
	t.Helper()
	conn := connect(t, dsn)
	for _, statement := range []string{`SET session_replication_role = replica`, sql} {
		if _, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			t.Fatal(err)
		}
	}
	_ = conn.Close(context.WithoutCancel(t.Context()))
}

// broken lists the invariants that a report finds broken, each once.
func broken(report *verify.Report) []verify.Invariant {
	var list []verify.Invariant
	for _, i := range verify.Invariants() {
		if slices.ContainsFunc(report.Findings, func(f verify.Finding) bool { return f.Invariant == i }) {
			list = append(list, i)
		}
	}
	return list
}

// Everything that is judged has been broken by somebody.
func TestEveryInvariantWasBrokenOnce(t *testing.T) {
	for _, i := range verify.Invariants() {
		found := false
		for _, c := range corruptions {
			found = found || slices.Contains(c.found, i)
		}
		if !found {
			t.Errorf("no corruption breaks %s", i)
		}
	}
}

// What was cut off together with its blocks leaves a ledger that was sound once.
// Only an anchor that is kept elsewhere tells.
func TestAnAnchorFindsWhatWasCutOffWithItsBlocks(t *testing.T) {
	template, sound := story(t)
	text := judged(t, sound, nil).Anchor
	anchor, err := verify.ParseAnchor(text)
	if err != nil || anchor.String() != text {
		t.Fatalf("anchor %q: %v", text, err)
	}
	if report := judged(t, sound, &anchor); !report.Sound {
		t.Errorf("%v", report.Findings)
	}
	_, dsn := database(t, template)
	corrupt(t, dsn, `
		DELETE FROM attempts WHERE signal = 10; DELETE FROM ledger_events WHERE chain = 10;
		DELETE FROM signals WHERE id = 10; DELETE FROM ledger_events WHERE chain = 3 AND number > 3;
		UPDATE signals s SET state = 'submitting', version = 2, updated_at = (e.content ->>
		    'updated_at')::timestamptz
		FROM ledger_events e WHERE s.id = 3 AND e.chain = 3 AND e.number IN (2, 3) AND e.entity = 'signal';
		DELETE FROM ledger_blocks WHERE number = (SELECT max(number) FROM ledger_blocks)`)
	report := judged(t, dsn, &anchor)
	if !slices.Contains(broken(report), verify.BlocksUnbroken) ||
		!strings.Contains(report.Findings[len(report.Findings)-1].Found, "none beyond") {
		t.Errorf("%v", report.Findings)
	}
	for _, wrong := range []string{
		"", "1", "1:ab", "x:" + strings.Repeat("ab", 32),
		"0:" + strings.Repeat("ab", 32),
	} {
		if a, err := verify.ParseAnchor(wrong); err == nil {
			t.Errorf("anchor %q is %v", wrong, a)
		}
	}
}
