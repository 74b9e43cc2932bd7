package pgledger_test

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/inbox"
	"fencepost/internal/pgledger"
)

// leading starts a leader of epoch 1 with one signal received.
func leading(t *testing.T) (n1 *process, signal core.SignalID, dsn string) {
	t.Helper()
	dsn = database(t)
	n1 = start(t, dsn, "n1")
	n1.lead()
	return n1, n1.admit("s1"), dsn
}

func TestPermitWritesTheIntentBeforeTheOrderLeaves(t *testing.T) {
	n1, signal, dsn := leading(t)
	in := n1.permit(1, signal, 1, 1)
	want := core.Input{Kind: core.PermitWasGranted, Signal: signal, Attempt: 1, Version: 2, Control: core.Run}
	if in != want {
		t.Fatalf("permit %+v, want %+v", in, want)
	}
	detail, err := n1.Signal(t.Context(), signal)
	if err != nil || detail.State != "submitting" || len(detail.Attempts) != 1 {
		t.Fatalf("signal %+v, %v", detail, err)
	}
	a := detail.Attempts[0]
	if a.ClientOrderID != inbox.ClientOrderID("s1", 1) || a.Epoch != 1 || a.State != "submitting" ||
		a.Outcome != nil {
		t.Errorf("attempt %+v", a)
	}
	conn := connect(t, dsn)
	late := read[float64](t, conn, `SELECT extract(epoch FROM send_by - permitted_at)::float8 FROM attempts`)
	if late < 3599 || late > 3601 {
		t.Errorf("send_by is %v s after the permit, want an hour", late)
	}
	if !read[bool](t, conn, `SELECT a.fence_seq > h.fence_seq
		FROM attempts a JOIN leadership_history h ON h.epoch = a.epoch`) {
		t.Error("the permit stands before its epoch in the order of the fence")
	}
}

func TestSecondPermitForTheSameSignalIsRefused(t *testing.T) {
	n1, signal, _ := leading(t)
	n1.permit(1, signal, 1, 1)
	for _, asked := range []struct{ attempt, version uint32 }{{1, 1}, {2, 2}, {2, 1}, {1, 2}} {
		in := n1.permit(1, signal, asked.attempt, asked.version)
		if in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged || in.Epoch != 1 {
			t.Errorf("%+v: %+v", asked, in)
		}
	}
	if got, err := n1.Refusals(t.Context(), 10); err != nil || len(got) != 0 {
		t.Errorf("refusals %+v, %v; a changed state is no matter of the fence", got, err)
	}
}

func TestPermitNumbersAttemptsWithoutGaps(t *testing.T) {
	n1, signal, _ := leading(t)
	if in := n1.permit(1, signal, 2, 1); in.Kind != core.PermitWasRefused {
		t.Errorf("attempt 2 before 1: %+v", in)
	}
	if in := n1.permit(1, signal, 1, 9); in.Kind != core.PermitWasRefused {
		t.Errorf("a version that was never read: %+v", in)
	}
}

func TestPermitOfADeposedLeaderIsRefusedAndNoted(t *testing.T) {
	n1, signal, dsn := leading(t)
	n2 := start(t, dsn, "n2")
	n2.lead()
	in := n1.permit(1, signal, 1, 1)
	want := core.Input{
		Kind: core.PermitWasRefused, Signal: signal, Reason: core.Superseded, Epoch: 2, Control: core.Run,
		Lineage: in.Lineage,
	}
	if in != want {
		t.Errorf("permit %+v, want %+v", in, want)
	}
	wantRefusal(t, n1, pgledger.Refusal{
		Op: "permit", Epoch: 1, CurrentEpoch: 2, Signal: signal, Reason: "superseded",
	})
	// The number alone is not enough.
	if in := n1.permit(2, signal, 1, 1); in.Kind != core.PermitWasRefused || in.Reason != core.Superseded {
		t.Errorf("with another's epoch: %+v", in)
	}
	if in := n2.permit(2, signal, 1, 1); in.Kind != core.PermitWasGranted {
		t.Errorf("the successor: %+v", in)
	}
}

func TestPermitUnderAClosedTenureIsRefusedAndNoted(t *testing.T) {
	n1, signal, _ := leading(t)
	n1.resign(1, core.GracefulShutdown)
	in := n1.permit(1, signal, 1, 1)
	if in.Kind != core.PermitWasRefused || in.Reason != core.TenureClosed || in.Epoch != 1 {
		t.Errorf("permit %+v", in)
	}
	wantRefusal(t, n1, pgledger.Refusal{
		Op: "permit", Epoch: 1, CurrentEpoch: 1, Signal: signal, Reason: "tenure_closed",
	})
}

func TestPermitWithoutAuthorityIsRefused(t *testing.T) {
	n1 := start(t, database(t), "n1")
	signal := n1.admit("s1")
	if in := n1.permit(1, signal, 1, 1); in.Kind != core.PermitWasRefused || in.Reason != core.AuthorityGone {
		t.Errorf("permit %+v", in)
	}
}

func TestControlModeStopsPermits(t *testing.T) {
	n1, signal, dsn := leading(t)
	for _, mode := range []core.Control{core.Pause, core.Halt} {
		if err := n1.SetControl(t.Context(), mode, "drill", "ops"); err != nil {
			t.Fatal(err)
		}
		in := n1.permit(1, signal, 1, 1)
		if in.Kind != core.PermitWasRefused || in.Reason != core.ControlMode || in.Control != mode {
			t.Errorf("%v: %+v", mode, in)
		}
		if in := n1.beat(1); in.Control != mode {
			t.Errorf("heartbeat carries %v, want %v", in.Control, mode)
		}
		if in := n1.observe(); in.Control != mode {
			t.Errorf("observed %v, want %v", in.Control, mode)
		}
	}
	set, err := n1.Control(t.Context())
	if err != nil || set.Mode != core.Halt || set.Reason != "drill" || set.By != "ops" || set.At.IsZero() {
		t.Errorf("control %+v, %v", set, err)
	}
	if err := n1.SetControl(t.Context(), core.Run, "over", "ops"); err != nil {
		t.Fatal(err)
	}
	if in := n1.permit(1, signal, 1, 1); in.Kind != core.PermitWasGranted {
		t.Errorf("after resuming: %+v", in)
	}
	conn := connect(t, dsn)
	const modes = `SELECT string_agg(mode, ' ' ORDER BY fence_seq) FROM control_history`
	if got := read[string](t, conn, modes); got != "pause halt run" {
		t.Errorf("history %q", got)
	}
}

func TestControlModeNeedsAReasonAndAName(t *testing.T) {
	n1 := start(t, database(t), "n1")
	if set, err := n1.Control(t.Context()); err != nil || set.Mode != core.Run || !set.At.IsZero() {
		t.Errorf("a new group: %+v, %v", set, err)
	}
	if n1.SetControl(t.Context(), core.Halt, "", "ops") == nil ||
		n1.SetControl(t.Context(), core.Halt, "why", "") == nil ||
		n1.SetControl(t.Context(), core.ControlUnknown, "why", "ops") == nil {
		t.Error("took a mode without reason, name or meaning")
	}
	// An operator needs no instance id, and no leader.
	person, err := pgledger.Open(pgledger.Options{DSN: database(t), Group: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(person.Close)
	if err := person.SetControl(t.Context(), core.Halt, "why", "ops"); err != nil {
		t.Error(err)
	}
}

// The answer to a permit was lost: reading it back tells whether it is ours.
func TestLostPermitIsReadBack(t *testing.T) {
	n1, signal, _ := leading(t)
	before := n1.reread(signal)
	if before.Kind != core.AttemptRead || before.Attempt != 0 || before.State != core.Received ||
		before.Version != 1 || before.Epoch != 0 || !before.Token.IsZero() {
		t.Errorf("before: %+v", before)
	}
	n1.permit(1, signal, 1, 1)
	after := n1.reread(signal)
	if after.Attempt != 1 || after.State != core.Submitting || after.Version != 2 || after.Epoch != 1 ||
		after.Token != n1.token || after.Age > -59*time.Minute || after.Flags.Has(core.Overdue) {
		t.Errorf("after: %+v", after)
	}
	if gone := n1.reread(signal + 1000); gone.Kind != core.AttemptRead || gone.State != core.NoSignal {
		t.Errorf("a signal that is not there: %+v", gone)
	}
}

func TestUnsentAttemptIsListedOnlyAfterSendBy(t *testing.T) {
	n1, signal, dsn := leading(t)
	n1.admit("s2")
	n1.permit(1, signal, 1, 1)
	sweep := core.Effect{Op: core.Fetch, States: 1<<core.Received | 1<<core.Submitting}
	if in := n1.calls(sweep); len(in) != 2 || in[0].Signal != signal+1 {
		t.Errorf("before send_by: %+v", in)
	}
	lapse(t, connect(t, dsn))
	in := n1.calls(sweep)
	if len(in) != 3 || in[0].Signal != signal || in[0].State != core.Submitting || in[0].Attempt != 1 ||
		in[0].Epoch != 1 || in[0].Version != 2 || !in[0].Flags.Has(core.Overdue) || in[0].Age < time.Second {
		t.Errorf("after send_by: %+v", in)
	}
	if last := in[len(in)-1]; last != (core.Input{Kind: core.WorkListed, Flags: core.Done}) {
		t.Errorf("the list ends with %+v", last)
	}
}

// lapse makes every send_by one that has passed.
func lapse(t *testing.T, conn executor) {
	t.Helper()
	exec(t, conn, `SET session_replication_role = replica`)
	exec(t, conn, `UPDATE attempts SET send_by = clock_timestamp() - interval '2 s'`)
	exec(t, conn, `SET session_replication_role = origin`)
}

func TestListOfWorkIsCutAtItsLimitAndGoesOnAfterTheCursor(t *testing.T) {
	n1 := start(t, database(t), "n1")
	const count = 2*core.FetchLimit + 3
	for i := range count {
		n1.admit(string(rune('a' + i)))
	}
	seen := 0
	after := core.SignalID(0)
	for page, wantDone := range []bool{false, false, true} {
		in := n1.calls(core.Effect{Op: core.Fetch, States: 1 << core.Received, After: after})
		end := in[len(in)-1]
		if end.Kind != core.WorkListed || end.Flags.Has(core.Done) != wantDone {
			t.Errorf("page %d ends with %+v", page, end)
		}
		for _, found := range in[:len(in)-1] {
			if found.Kind != core.SignalFound || found.Signal <= after {
				t.Errorf("page %d: %+v after %d", page, found, after)
			}
			after = found.Signal
			seen++
		}
	}
	if seen != count {
		t.Errorf("listed %d of %d", seen, count)
	}
	if in := n1.calls(core.Effect{Op: core.Fetch, States: 1 << core.InDoubt}); len(in) != 1 {
		t.Errorf("other states: %+v", in)
	}
}

func TestClassAResendKeepsTheAttemptAndItsOrderID(t *testing.T) {
	n1, signal, dsn := leading(t)
	n1.permit(1, signal, 1, 1)
	n1.record(signal, 1, core.InDoubt)
	n2, conn := start(t, dsn, "n2"), connect(t, dsn)
	n2.lead()
	first := read[int64](t, conn, `SELECT fence_seq FROM attempts`)
	resend := core.Effect{
		Op: core.Permit, Resend: true, Signal: signal, Attempt: 1, Version: 3, Epoch: 2, Token: n2.token,
	}
	wrong := resend
	wrong.Attempt = 2
	if in := n2.call(wrong); in.Kind != core.PermitWasRefused || in.Reason != core.StateChanged {
		t.Errorf("resending another attempt: %+v", in)
	}
	if in := n2.call(resend); in.Kind != core.PermitWasGranted || in.Version != 4 || in.Attempt != 1 {
		t.Fatalf("resend: %+v", in)
	}
	if in := n2.call(resend); in.Kind != core.PermitWasRefused {
		t.Errorf("resend again: %+v", in)
	}
	detail, err := n2.Signal(t.Context(), signal)
	if err != nil || detail.State != "submitting" || len(detail.Attempts) != 1 {
		t.Fatalf("signal %+v, %v", detail, err)
	}
	a := detail.Attempts[0]
	if a.ClientOrderID != inbox.ClientOrderID("s1", 1) || a.Epoch != 2 || a.Resends != 1 ||
		a.FenceSeq <= first {
		t.Errorf("attempt %+v", a)
	}
	if in := n1.call(resend); in.Kind != core.PermitWasRefused || in.Reason != core.Superseded {
		t.Errorf("resend with another's epoch: %+v", in)
	}
}

func TestProtocolRangeIsObserved(t *testing.T) {
	n1 := start(t, database(t), "n1")
	if err := n1.SetProtocol(t.Context(), 2, 3); err != nil {
		t.Fatal(err)
	}
	if in := n1.observe(); in.Protocol != 2<<16|3 || in.Epoch != 0 {
		t.Errorf("observed %+v", in)
	}
	if in := n1.beat(0); in.Protocol != 2<<16|3 {
		t.Errorf("a follower's heartbeat: %+v", in)
	}
	if n1.SetProtocol(t.Context(), 3, 2) == nil {
		t.Error("took a range that admits nobody")
	}
	if err := n1.SetProtocol(t.Context(), 0, 0); err != nil {
		t.Error(err)
	}
}
