package fencepost_test

import (
	"net/http"
	"testing"

	"fencepost"
)

// A canary goes the whole way and orders nothing: its end is no success, the broker
// has no order, and nobody is told that a signal was processed.
func TestCanaryPassesTheGateAndOrdersNothing(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", often)
	leader.leads()
	body := `{"type":"HEARTBEAT","instrument":"CANARY","position":"canary","timestamp":"t","signal_id":"c-1"}`
	if code, text := leader.webhook(body); code != http.StatusAccepted {
		t.Fatalf("%d %s", code, text)
	}
	until(t, "it ended", func() bool {
		list, err := leader.Signals(t.Context(), fencepost.SignalFilter{})
		return err == nil && len(list) == 1 && list[0].EndedAt != nil
	})
	detail, err := leader.Signal(t.Context(), 1)
	if err != nil || detail.State != "cancelled" || len(detail.Attempts) != 1 {
		t.Fatalf("%+v, %v", detail, err)
	}
	if at, ok := fencepost.CanaryPassedGate(detail.Attempts[0].BrokerDetail); !ok || at.IsZero() {
		t.Errorf("%+v", detail.Attempts[0])
	}
	if n := len(s.desk.Book.Orders()); n != 0 {
		t.Errorf("%d orders", n)
	}
	until(t, "it was compared", func() bool {
		last, ok := leader.compared()
		return ok && last.Kept && last.Clean() && last.At.After(*detail.EndedAt)
	})
	list, err := leader.Instances(t.Context())
	if err != nil || len(list) != 1 || list[0].LastSignalProcessed != nil {
		t.Errorf("%+v, %v", list, err)
	}
}
