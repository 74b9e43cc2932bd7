package pgledger_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/internal/pgledger"
)

// told lists what waits in the outbox, without changes of leadership.
func told(t *testing.T, p *process) []string {
	t.Helper()
	list, err := p.Notices(t.Context(), []string{"pending"}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, n := range list {
		if n.Kind != pgledger.NoticeLeaderChanged {
			words = append(words, n.Kind+" "+n.Subject)
		}
	}
	slices.Reverse(words)
	return words
}

// The row stands with the fact and in the same transaction; what is no fact yet is
// not told.
func TestFactsTellThemselves(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	n1.lead()
	changed, err := n1.Notices(t.Context(), []string{"pending"}, 9)
	if err != nil || len(changed) != 1 || changed[0].Kind != pgledger.NoticeLeaderChanged ||
		changed[0].Subject != "1" || !strings.Contains(changed[0].Message, "n1 leads under epoch 1") {
		t.Fatalf("%+v, %v", changed, err)
	}
	s1 := n1.admit("s1")
	n1.permit(1, s1, 1, 1)
	n1.record(s1, 1, core.InDoubt)
	if got := told(t, n1); len(got) != 0 {
		t.Errorf("a doubt that asks for nobody: %v", got)
	}
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	doubt := `UPDATE signals SET alerted_at = clock_timestamp(), alert_reason = 'x', version = version + 1
	    WHERE id = $1`
	if _, err := tx.Exec(t.Context(), doubt, int64(s1)); err != nil {
		t.Fatal(err)
	}
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := told(t, n1); len(got) != 0 {
		t.Errorf("told of what was rolled back: %v", got)
	}
	exec(t, conn, doubt, int64(s1))
	exec(t, conn, doubt, int64(s1)) // told once
	if err := n1.SetControl(t.Context(), core.Halt, "drill", "ops"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := n1.TellRegression(t.Context(), 9); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"in_doubt 1", "halt halt", "authority_regressed 9"}
	if got := told(t, n1); !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
}

// An outcome of a void attempt is told each time that there is another, whatever
// stands by then: it may be of a second order.
func TestLateOutcomeIsToldWhateverStands(t *testing.T) {
	t.Parallel()
	n1 := start(t, database(t), "n1")
	n1.lead()
	want := []string{}
	tells := func(what string, notices ...string) {
		t.Helper()
		want = append(want, notices...)
		if got := told(t, n1); !slices.Equal(got, want) {
			t.Fatalf("%s: told of %v, want %v", what, got, want)
		}
	}
	voided := func(key string) core.SignalID {
		signal := n1.admit(key)
		n1.permit(1, signal, 1, 1)
		n1.record(signal, 1, core.Void)
		return signal
	}
	s1 := voided("s1")
	n1.record(s1, 1, core.Submitted)
	tells("nothing stood", "in_doubt 1")
	n1.record(s1, 1, core.Submitted)
	tells("the same again")
	n1.record(s1, 1, core.Executed)
	tells("an alert stood already", "in_doubt 1")

	s2 := voided("s2")
	n1.permit(1, s2, 2, 3)
	n1.call(core.Effect{
		Op: core.Record, Signal: s2, Attempt: 2, State: core.InDoubt, Token: n1.token, Alert: true,
	})
	tells("a doubt", "in_doubt 2")
	word := pgledger.Decision{Signal: s2, Outcome: core.Executed, By: "ops", Reason: "it is in the book"}
	if err := n1.Decide(t.Context(), word); err != nil {
		t.Fatal(err)
	}
	if in := n1.record(s2, 1, core.Executed); in.State != core.Executed || in.Flags != core.Late {
		t.Errorf("a second order: %+v", in)
	}
	tells("a person had ended the doubt", "alert 2")
	list, err := n1.Notices(t.Context(), []string{"pending"}, 1)
	if err != nil || len(list) != 1 || !strings.Contains(list[0].Message, "attempt 1, which had been taken") {
		t.Errorf("%+v, %v", list, err)
	}
}

// A sender that says something else under a known key is told "no" for good; a person
// hears of it once for each signal, however often and by whomever it is said.
func TestConflictIsToldOnceForEachSignal(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	s1, s2 := n1.admit("s1"), n1.admit("s2")
	for _, signal := range []core.SignalID{s1, s1, s2, 4711} {
		for _, p := range []*process{n1, n2} {
			if err := p.TellConflict(t.Context(), signal); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got, want := told(t, n1), []string{"alert 1", "alert 2"}; !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
}

// What nobody has tried yet is not kept waiting by what cannot be delivered.
func TestNewNotificationIsClaimedBeforeOneThatFailed(t *testing.T) {
	t.Parallel()
	n1 := start(t, database(t), "n1")
	halt := func(mode core.Control) {
		if err := n1.SetControl(t.Context(), mode, "drill", "ops"); err != nil {
			t.Fatal(err)
		}
	}
	halt(core.Pause)
	halt(core.Halt)
	for _, n := range claimed(t, n1, 9, time.Hour) {
		settle(t, n1, pgledger.NoticeOutcome{ID: n.ID, Attempt: n.Attempts, MinAttempts: 5, Error: "dead"})
	}
	halt(core.Run)
	if n := claimed(t, n1, 2, time.Hour); len(n) != 2 || n[0].Subject != "run" || n[1].Subject != "pause" {
		t.Errorf("%+v", n)
	}
}

func claimed(t *testing.T, p *process, most int, hold time.Duration) []pgledger.Notice {
	t.Helper()
	list, err := p.ClaimNotices(t.Context(), most, hold)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func settle(t *testing.T, p *process, o pgledger.NoticeOutcome) string {
	t.Helper()
	state, err := p.SettleNotice(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// Two instances never have the same notification while a claim lasts, and the other
// one has it once the claim has run out.
func TestClaimIsOneInstancesUntilItRunsOut(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	n1, n2 := start(t, dsn, "n1"), start(t, dsn, "n2")
	for _, mode := range []core.Control{core.Halt, core.Run, core.Pause} {
		if err := n1.SetControl(t.Context(), mode, "drill", "ops"); err != nil {
			t.Fatal(err)
		}
	}
	first := claimed(t, n1, 2, time.Hour)
	rest := claimed(t, n2, 9, time.Millisecond)
	if len(first) != 2 || len(rest) != 1 || rest[0].ID == first[0].ID || rest[0].ID == first[1].ID {
		t.Fatalf("%+v and %+v", first, rest)
	}
	var again []pgledger.Notice
	until(t, "a claim that has run out", func() bool {
		again = claimed(t, n1, 9, time.Hour)
		return len(again) > 0
	})
	if len(again) != 1 || again[0].ID != rest[0].ID || again[0].Attempts != 2 {
		t.Fatalf("%+v", again)
	}
	// The one that was slow delivered after all: that is a fact, though the claim is
	// another's, and when to try again is not its to say.
	late := pgledger.NoticeOutcome{ID: rest[0].ID, Attempt: 1, Delivered: []string{"a"}, Again: time.Hour}
	if state := settle(t, n2, late); state != "pending" {
		t.Errorf("a late outcome makes it %s", state)
	}
	done := pgledger.NoticeOutcome{ID: rest[0].ID, Attempt: 2, Delivered: []string{"b"}, Ended: true}
	if state := settle(t, n1, done); state != "delivered" {
		t.Errorf("it is %s", state)
	}
	list, err := n1.Notices(t.Context(), []string{"delivered"}, 9)
	if err != nil || len(list) != 1 || !slices.Equal(list[0].DeliveredTo, []string{"a", "b"}) {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestNotificationIsGivenUpWhenItIsOldAndFailedOftenEnough(t *testing.T) {
	t.Parallel()
	n1 := start(t, database(t), "n1")
	if err := n1.SetControl(t.Context(), core.Halt, "drill", "ops"); err != nil {
		t.Fatal(err)
	}
	attempt := func(giveUp time.Duration) string {
		n := claimed(t, n1, 9, time.Hour)
		if len(n) != 1 {
			t.Fatalf("%+v", n)
		}
		return settle(t, n1, pgledger.NoticeOutcome{
			ID: n[0].ID, Attempt: n[0].Attempts, Error: "status 500", GiveUpAfter: giveUp, MinAttempts: 3,
		})
	}
	for i, c := range []struct {
		giveUp time.Duration
		want   string
	}{{0, "pending"}, {0, "pending"}, {time.Hour, "pending"}, {0, "given_up"}} {
		if got := attempt(c.giveUp); got != c.want {
			t.Errorf("attempt %d: %s, want %s", i+1, got, c.want)
		}
	}
	census, err := n1.Census(t.Context(), pgledger.NoticeKinds())
	if err != nil || census.GivenUp != 1 || census.Pending != 0 {
		t.Errorf("%+v, %v", census, err)
	}
	if n := claimed(t, n1, 9, time.Hour); len(n) != 0 {
		t.Errorf("claimed what was given up: %+v", n)
	}
	if n, err := n1.RetryNotices(t.Context(), 0); err != nil || n != 1 {
		t.Errorf("%d to be tried again, %v", n, err)
	}
	if n := claimed(t, n1, 9, time.Hour); len(n) != 1 || n[0].Attempts != 1 {
		t.Errorf("%+v", n)
	}
	_, err = n1.SettleNotice(t.Context(), pgledger.NoticeOutcome{ID: 4711})
	if !errors.Is(err, pgledger.ErrNoNotice) {
		t.Errorf("an outcome of nothing: %v", err)
	}
}

// What was written stays: a message that could be changed would be no evidence of
// what a person was told.
func TestNotificationKeepsItsWord(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	n1, conn := start(t, dsn, "n1"), connect(t, dsn)
	if err := n1.SetControl(t.Context(), core.Halt, "drill", "ops"); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`UPDATE notifications SET message = 'all is well'`, `DELETE FROM notifications`,
		`TRUNCATE notifications`, `UPDATE notifications SET kind = 'alert'`,
		`UPDATE notifications SET state = 'delivered'`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s was carried out", sql)
		}
	}
}

func TestCensusCountsWhatIsOpen(t *testing.T) {
	t.Parallel()
	n1 := start(t, database(t), "n1")
	n1.lead()
	n1.admit("s1")
	n1.permit(1, n1.admit("s2"), 1, 1)
	census, err := n1.Census(t.Context(), []string{pgledger.NoticeLeaderChanged})
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]int64{}
	for _, c := range census.Open {
		open[c.State] = c.Count
	}
	if open["received"] != 1 || open["submitting"] != 1 || len(open) != 2 || census.CanarySeconds != nil ||
		census.Pending != 1 || census.PendingSeconds <= 0 || time.Since(census.Now) > time.Hour {
		t.Errorf("%+v", census)
	}
	if quiet, err := n1.Census(t.Context(), nil); err != nil || quiet.Pending != 0 {
		t.Errorf("kinds that nobody wants: %+v, %v", quiet, err)
	}
}
