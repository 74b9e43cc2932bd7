package timeline_test

import (
	"slices"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/history"
	"fencepost/internal/timeline"
)

// drawn returns the picture of ten seconds of two nodes.
func drawn(records ...history.Record) timeline.Run {
	return timeline.FromHistory(records, 2, timeline.Run{Duration: 10 * time.Second, TTL: time.Second})
}

// wantSpans fails the test unless a lane has these spans, of which kind, instants, openness and owner count.
func wantSpans(t *testing.T, run timeline.Run, lane string, want ...timeline.Span) {
	t.Helper()
	var got []timeline.Span
	for _, s := range run.Lane(lane).Spans {
		s.Title, s.Detail = "", ""
		got = append(got, s)
	}
	if !slices.Equal(got, want) {
		t.Errorf("lane %s has the spans %+v, want %+v", lane, got, want)
	}
}

func TestAClusterHasALaneForEachPartyAndLink(t *testing.T) {
	var ids []string
	run := drawn()
	for _, lane := range run.Lanes {
		ids = append(ids, lane.ID)
	}
	want := []string{
		"n1", "n2", "redis", "postgres", "broker", "outside",
		"n1-redis", "n1-postgres", "n1-broker", "n2-redis", "n2-postgres", "n2-broker",
	}
	if !slices.Equal(ids, want) {
		t.Errorf("the lanes are %q, want %q", ids, want)
	}
	if run.Lane("n3") != nil {
		t.Error("there is a lane for a node that there is not")
	}
}

func TestALeaseLastsFromItsSettingOverItsRenewals(t *testing.T) {
	run := drawn(
		history.Record{At: 100, Kind: history.LeaseSet, Node: 1, Token: tokenOf(1), Until: 400},
		history.Record{At: 300, Kind: history.LeaseSet, Node: 1, Token: tokenOf(1), Until: 700},
		history.Record{At: 500, Kind: history.LeaseGone, Node: 1, Token: tokenOf(1), Op: core.Release},
	)
	wantSpans(t, run, "redis", timeline.Span{Kind: timeline.Lease, From: 100, To: 500, Owner: "n2"})
}

func TestALeaseThatNobodyRenewsEndsByItself(t *testing.T) {
	run := drawn(
		history.Record{At: 100, Kind: history.LeaseSet, Node: 0, Token: tokenOf(0), Until: 400},
		history.Record{At: 900, Kind: history.LeaseGone, Node: 0, Token: tokenOf(0)},
	)
	wantSpans(t, run, "redis", timeline.Span{Kind: timeline.Lease, From: 100, To: 400, Owner: "n1"})
}

func TestAnotherTokenEndsALease(t *testing.T) {
	again := tokenOf(0)
	again.Acquisition++
	run := drawn(
		history.Record{At: 100, Kind: history.LeaseSet, Node: 0, Token: tokenOf(0), Until: 900},
		history.Record{At: 200, Kind: history.LeaseGone, Node: 0, Token: again},
		history.Record{At: 300, Kind: history.LeaseSet, Node: 0, Token: again, Until: 800},
		history.Record{At: 500, Kind: history.LeaseSet, Node: history.None, Token: tokenOf(5), Until: 600},
	)
	wantSpans(t, run, "redis",
		timeline.Span{Kind: timeline.Lease, From: 100, To: 300, Owner: "n1"},
		timeline.Span{Kind: timeline.Lease, From: 300, To: 500, Owner: "n1"},
		timeline.Span{Kind: timeline.Lease, From: 500, To: 600})
}

func TestBeliefLastsToItsEndOrToItsDeadline(t *testing.T) {
	run := drawn(
		history.Record{At: 100, Kind: history.BeliefHeld, Node: 0, Epoch: 1, Until: 400},
		history.Record{At: 300, Kind: history.BeliefHeld, Node: 0, Epoch: 1, Until: 600},
		history.Record{At: 450, Kind: history.BeliefEnded, Node: 0},
		history.Record{At: 460, Kind: history.BeliefHeld, Node: 1, Epoch: 2, Until: 700},
		history.Record{At: 900, Kind: history.BeliefHeld, Node: 1, Epoch: 3, Until: int64(core.Never)},
		history.Record{At: 950, Kind: history.BeliefHeld, Node: 1, Epoch: 4, Until: int64(core.Never)},
		history.Record{At: 980, Kind: history.NodeDown, Node: 1},
	)
	wantSpans(t, run, "n1", timeline.Span{Kind: timeline.Belief, From: 100, To: 450, Owner: "n1"})
	wantSpans(t, run, "n2",
		timeline.Span{Kind: timeline.Belief, From: 460, To: 700, Owner: "n2"},
		timeline.Span{Kind: timeline.Belief, From: 900, To: 950, Owner: "n2"},
		timeline.Span{Kind: timeline.Belief, From: 950, To: 980, Owner: "n2"},
		timeline.Span{Kind: timeline.Down, From: 980, To: 10e9, Open: true})
}

func TestAnEpochLastsFromItsOpeningToItsClosing(t *testing.T) {
	run := drawn(
		history.Record{At: 100, Kind: history.TenureOpened, Node: 0, Epoch: 1},
		history.Record{At: 300, Kind: history.TenureEnded, Node: 0, Epoch: 1, Reason: core.Superseded},
		history.Record{At: 300, Kind: history.TenureOpened, Node: 1, Epoch: 2, Tenure: core.TenurePG},
	)
	wantSpans(t, run, "postgres",
		timeline.Span{Kind: timeline.Tenure, From: 100, To: 300, Owner: "n1"},
		timeline.Span{Kind: timeline.Tenure, From: 300, To: 10e9, Owner: "n2", Open: true})
	spans := run.Lane("postgres").Spans
	if got, want := spans[1].Title, "epoch 2 (lease in PostgreSQL) n2"; got != want {
		t.Errorf("the epoch is called %q, want %q", got, want)
	}
	if got, want := spans[0].Detail, "epoch 1 was opened by n1; closed: superseded"; got != want {
		t.Errorf("the detail is %q, want %q", got, want)
	}
}

func TestFaultsArePairedByClassAndNode(t *testing.T) {
	run := drawn(
		history.Record{At: 100, Kind: history.FaultBegan, Fault: history.LinkFault, Node: 0},
		history.Record{At: 200, Kind: history.FaultBegan, Fault: history.LinkFault, Node: 1},
		history.Record{At: 300, Kind: history.FaultBegan, Fault: history.ClockFault, Node: 0},
		history.Record{At: 400, Kind: history.FaultEnded, Fault: history.LinkFault, Node: 1},
		history.Record{At: 500, Kind: history.FaultEnded, Fault: history.LinkFault, Node: 0},
		history.Record{At: 600, Kind: history.FaultEnded, Fault: history.LinkFault, Node: 0},
		history.Record{At: 700, Kind: history.FaultBegan, Fault: history.RedisDataLoss, Node: history.None},
		history.Record{At: 710, Kind: history.FaultEnded, Fault: history.RedisDataLoss, Node: history.None},
		history.Record{At: 720, Kind: history.FaultBegan, Fault: history.PostgresFault, Node: history.None},
		history.Record{At: 730, Kind: history.FaultBegan, Fault: history.BrokerFault, Node: history.None},
		history.Record{At: 740, Kind: history.FaultBegan, Fault: history.ControlFault, Node: history.None},
	)
	wantSpans(t, run, "n1", timeline.Span{From: 100, To: 500}, timeline.Span{From: 300, To: 10e9, Open: true})
	wantSpans(t, run, "n2", timeline.Span{From: 200, To: 400})
	wantSpans(t, run, "redis", timeline.Span{From: 700, To: 710})
	wantSpans(t, run, "postgres", timeline.Span{From: 720, To: 10e9, Open: true})
	wantSpans(t, run, "broker", timeline.Span{From: 730, To: 10e9, Open: true})
	wantSpans(t, run, timeline.Outside, timeline.Span{From: 740, To: 10e9, Open: true})
}

func TestAProcessIsDownOrPausedUntilItIsNot(t *testing.T) {
	run := drawn(
		history.Record{At: 0, Kind: history.NodeUp, Node: 0},
		history.Record{At: 50, Kind: history.NodeUp, Node: 1},
		history.Record{At: 100, Kind: history.NodePaused, Node: 0},
		history.Record{At: 200, Kind: history.NodeResumed, Node: 0},
		history.Record{At: 300, Kind: history.NodePaused, Node: 0},
		history.Record{At: 400, Kind: history.NodeDown, Node: 0},
		history.Record{At: 500, Kind: history.NodeUp, Node: 0},
		history.Record{At: 600, Kind: history.NodePaused, Node: 0},
	)
	wantSpans(t, run, "n1",
		timeline.Span{Kind: timeline.Paused, From: 100, To: 200},
		timeline.Span{Kind: timeline.Paused, From: 300, To: 400},
		timeline.Span{Kind: timeline.Down, From: 400, To: 500},
		timeline.Span{Kind: timeline.Paused, From: 600, To: 10e9, Open: true})
	wantSpans(t, run, "n2", timeline.Span{Kind: timeline.Down, From: 0, To: 50})
}

func TestALinkIsCutWhileItsStoreIsOutOfReach(t *testing.T) {
	reach := func(at int64, stores ...core.Store) history.Record {
		r := history.Record{At: at, Kind: history.Reach, Node: 1}
		for _, store := range stores {
			r.Stores |= 1 << store
		}
		return r
	}
	run := drawn(
		reach(0, core.Redis, core.Postgres, core.Broker),
		reach(100, core.Redis, core.Broker),
		reach(200, core.Broker),
		reach(300, core.Postgres, core.Broker),
	)
	wantSpans(t, run, "n2-postgres", timeline.Span{Kind: timeline.Cut, From: 100, To: 300})
	wantSpans(t, run, "n2-redis", timeline.Span{Kind: timeline.Cut, From: 200, To: 10e9, Open: true})
	wantSpans(t, run, "n2-broker")
	wantSpans(t, run, "n1-redis")
}

func TestEachHappeningIsATickOnTheLaneOfWhoeverSawIt(t *testing.T) {
	run := drawn(
		history.Record{
			At: 1, Kind: history.Announced, Event: event.PermitRefused, Node: 1, Subject: 1, Signal: 9,
			Attempt: 2,
		},
		history.Record{At: 2, Kind: history.Announced, Event: event.RedisLostWrite, Node: history.None},
		history.Record{At: 3, Kind: history.Permitted, Node: 1, Epoch: 4, Seq: 6, Signal: 9, Attempt: 1},
		history.Record{At: 4, Kind: history.EffectRefused, Node: 0, Op: core.Permit, Epoch: 3, Current: 4},
		history.Record{At: 5, Kind: history.StateSet, Signal: 9, State: core.InDoubt, Alerted: true},
		history.Record{At: 6, Kind: history.OrderCreated, Signal: 9, Attempt: 1},
		history.Record{At: 7, Kind: history.Acknowledged, Signal: 9, Node: history.None},
		history.Record{At: 8, Kind: history.HeartbeatSet, Node: 1, Epoch: 4},
	)
	for lane, want := range map[string][]timeline.Tick{
		"n1": nil,
		"n2": {{
			At: 1, Kind: "permit.refused", Shape: timeline.Cross, Owner: "n2", Signal: "9",
			Detail: "attempt 2",
		}},
		"postgres": {
			{
				At: 3, Kind: "permitted", Shape: timeline.Arrow, Owner: "n2", Signal: "9",
				Detail: "n2, under epoch 4, attempt 1, place 6 in the ledger",
			},
			{
				At: 4, Kind: "effect refused", Shape: timeline.Cross, Owner: "n1",
				Detail: "n1, permit, under epoch 3, while epoch 4 is current, and no row says so",
			},
			{
				At: 5, Kind: "signal in_doubt", Shape: timeline.Alarm, Signal: "9",
				Detail: "state in_doubt",
			},
		},
		"broker": {{At: 6, Kind: "order created", Shape: timeline.Diamond, Signal: "9", Detail: "attempt 1"}},
		timeline.Outside: {
			{At: 2, Kind: "redis.lost_write", Shape: timeline.Alarm, Detail: "about n1"},
			{At: 7, Kind: "acknowledged", Shape: timeline.Dot, Signal: "9"},
		},
	} {
		if got := run.Lane(lane).Ticks; !slices.Equal(got, want) {
			t.Errorf("lane %s has the ticks\n%+v, want\n%+v", lane, got, want)
		}
	}
}

func TestARunIsAsLongAsItsRecords(t *testing.T) {
	run := timeline.FromHistory([]history.Record{
		{At: 5e9, Kind: history.BeliefHeld, Node: 0, Epoch: 1, Until: int64(core.Never)},
		{At: 8e9, Kind: history.Acknowledged, Node: history.None, Signal: 1},
	}, 1, timeline.Run{Start: 2e9})
	if run.Duration != 6*time.Second {
		t.Errorf("the run lasts %v, want 6s", run.Duration)
	}
	wantSpans(t, run, "n1", timeline.Span{Kind: timeline.Belief, From: 5e9, To: 8e9, Owner: "n1", Open: true})
}

func TestANodeBeyondTheClusterIsDrawnOutside(t *testing.T) {
	run := drawn(
		history.Record{At: 1, Kind: history.Announced, Event: event.Degraded, Node: 7, Subject: 7},
		history.Record{At: 2, Kind: history.BeliefHeld, Node: 7, Epoch: 1, Until: 9},
	)
	if got := len(run.Lane(timeline.Outside).Ticks); got != 1 {
		t.Errorf("%d ticks outside, want 1", got)
	}
}
