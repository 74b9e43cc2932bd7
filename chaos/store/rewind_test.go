package store

import (
	"fmt"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

// now reads the database's wall clock in nanoseconds.
func now(t *testing.T, p *Postgres) int64 {
	t.Helper()
	const sql = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
	return query[int64](t, p, sql) * int64(time.Microsecond)
}

// lineage reads what tells a node that the ledger is another's, or of another past.
func lineage(t *testing.T, p *Postgres) (system uint64, timeline uint32) {
	t.Helper()
	l, err := nodeAt(t, "", p.DSN(), 99).ledger.Lineage(t.Context())
	must(t, err)
	return l.System, l.Timeline
}

func TestRewoundLedgerIsWhatItWasAtTheMark(t *testing.T) {
	for _, branch := range []bool{false, true} {
		t.Run(fmt.Sprintf("branch %v", branch), func(t *testing.T) {
			p := startPostgres(t, PostgresOptions{Rewinds: true})
			n := nodeAt(t, "", p.DSN(), 1)
			n.lead(0)
			must(t, p.Mark(t.Context()))
			first := now(t, p)
			n.admit("kept")
			must(t, p.Mark(t.Context()))
			second := now(t, p)
			nodeAt(t, "", p.DSN(), 2).lead(1)
			n.admit("lost")
			must(t, p.Mark(t.Context()))
			system, timeline := lineage(t, p)

			back, err := p.Rewind(t.Context(), second, branch)
			must(t, err)
			if back.At <= first || back.At > second {
				t.Errorf("went back to %d, want between %d and %d", back.At, first, second)
			}
			if last := back.Rows[len(back.Rows)-1]; last.Signal == nil || last.Signal.Key != "lost" {
				t.Errorf("the last row before is %+v", last)
			}
			begin := time.Now()
			must(t, p.Up(t.Context()))
			t.Logf("up after %v", time.Since(begin))
			l, err := p.Ledger(t.Context())
			must(t, err)
			if l.Authority.Epoch != 1 || len(l.Signals) != 1 || l.Signals[0].Key != "kept" {
				t.Errorf("the ledger has epoch %d and signals %+v", l.Authority.Epoch, l.Signals)
			}
			afterSystem, afterTimeline := lineage(t, p)
			if afterSystem != system || (afterTimeline != timeline) != branch {
				t.Errorf("timeline %d of %d after %d of %d", afterTimeline, afterSystem, timeline, system)
			}
			// The audit goes on with what is new.
			nodeAt(t, "", p.DSN(), 3).admit("new")
			rows, err := p.Audit().Drain(t.Context())
			if err != nil || len(rows) != 1 || rows[0].Signal.Key != "new" {
				t.Errorf("the audit goes on with %+v, %v", rows, err)
			}
		})
	}
}

func TestLedgerGoesBackAsOftenAsItIsAsked(t *testing.T) {
	p := startPostgres(t, PostgresOptions{Rewinds: true})
	if _, err := p.Rewind(t.Context(), 0, false); err == nil {
		t.Error("went back without a mark")
	}
	for round := range 3 {
		must(t, p.Mark(t.Context()))
		n := nodeAt(t, "", p.DSN(), core.Nonce(round+1))
		n.admit(fmt.Sprintf("%d lost", round))
		// Older than every mark: the oldest has to do.
		_, err := p.Rewind(t.Context(), 0, round%2 == 0)
		must(t, err, p.Up(t.Context()))
		if got := query[int](t, p, "SELECT count(*) FROM signals"); got != round {
			t.Fatalf("%d signals after rewind %d, want %d", got, round+1, round)
		}
		nodeAt(t, "", p.DSN(), core.Nonce(round+10)).admit(fmt.Sprintf("%d kept", round))
		must(t, p.Down(t.Context(), Crash), p.Up(t.Context()))
	}
	_, timeline := lineage(t, p)
	if timeline != 3 {
		t.Errorf("timeline %d after two branches", timeline)
	}
}

func TestHistorianTellsWhatARewindLost(t *testing.T) {
	p := startPostgres(t, PostgresOptions{Rewinds: true})
	h := historian()
	n := nodeAt(t, "", p.DSN(), 1)
	n.lead(0)
	a := n.admit("a")
	must(t, p.Mark(t.Context()))
	n.want(core.PermitWasGranted, core.Effect{Op: core.Permit, Epoch: 1, Signal: a, Version: 1, Attempt: 1})
	b := n.admit("b")
	setControl(t, p, core.Halt)
	back, err := p.Rewind(t.Context(), 0, true)
	must(t, err)
	begin := time.Now()
	h.Tell(back.Rows)
	must(t, p.Up(t.Context()))
	left, err := p.Ledger(t.Context())
	must(t, err)
	signal := func(kind history.Kind, id core.SignalID, state core.SignalState) history.Record {
		return history.Record{Kind: kind, Signal: id, State: state, Node: history.None, Subject: history.None}
	}
	expect(t, h.Rewound(now(t, p), left), []history.Record{
		{Kind: history.ControlSet, Control: core.Run, Node: history.None, Subject: history.None},
		signal(history.StateSet, a, core.Received),
		signal(history.Missing, b, core.NoSignal),
	}, begin)

	// The ledger gives b's number to another signal; b comes again under another.
	n = nodeAt(t, "", p.DSN(), 2)
	c, again := n.admit("c"), n.admit("b")
	story := storyOf(t, p, h)
	named := h.SignalOf("c")
	if c != b || named == 0 || named != h.Signal(c) || named == b || h.KeyOf(named) != "c" {
		t.Errorf("the ledger calls c %d, as it called b; the history calls it %d", c, named)
	}
	if h.Signal(again) != b {
		t.Errorf("b came again as %d, want %d", h.Signal(again), b)
	}
	expect(t, story, []history.Record{
		signal(history.Stored, named, core.NoSignal), signal(history.Stored, b, core.NoSignal),
	}, begin)
}

func TestWhatHindersOutlastsARewind(t *testing.T) {
	p := startPostgres(t, PostgresOptions{Rewinds: true})
	must(t, p.Mark(t.Context()), p.ReadOnly(t.Context(), true))
	_, err := p.Rewind(t.Context(), 0, false)
	must(t, err, p.Up(t.Context()))
	if _, err := nodeAt(t, "", p.DSN(), 1).ask(core.Effect{Op: core.Heartbeat}); codeOf(err) != "25006" {
		t.Errorf("a heartbeat was answered %v, want a refusal as read-only", err)
	}
}

func TestServerWithoutRewindsDoesNotGoBack(t *testing.T) {
	p := startPostgres(t, PostgresOptions{})
	must(t, p.Mark(t.Context()))
	if _, err := p.Rewind(t.Context(), 0, false); err == nil {
		t.Error("went back")
	}
}
