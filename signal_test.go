package fencepost_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"fencepost"
	"fencepost/core/inbox"
	"fencepost/internal/broker/paper"
	"fencepost/internal/testbed"
)

// entry is a signal's body.
func entry(id string) string {
	return fmt.Sprintf(`{"type":"BASE_ENTRY","instrument":"BANKNIFTY","position":"Long_1",`+
		`"timestamp":"2025-11-29T09:15:00Z","price":54321.05,"lots":12,"signal_id":%q}`, id)
}

// state returns where the signal stands, asked as its sender would.
func (i *instance) state(id string) string {
	i.t.Helper()
	code, body := i.webhook(entry(id))
	var answer struct {
		Status string `json:"status"`
		State  string `json:"state"`
	}
	err := json.Unmarshal([]byte(body), &answer)
	if err != nil || code != 200 || answer.Status != "duplicate" {
		i.t.Fatalf("%d %s", code, body)
	}
	return answer.State
}

func TestSignalThatAFollowerTookInIsExecutedOnceByTheLeader(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", nil)
	leader.leads()
	follower := s.start("green-1", nil)
	until(t, "the follower is ready", func() bool { return follower.Status().Ready })
	code, body := follower.webhook(entry("s-1"))
	if code != 202 || !strings.Contains(body, `"state":"received"`) {
		t.Fatalf("%d %s", code, body)
	}
	var senders sync.WaitGroup
	for range 5 {
		senders.Go(func() { leader.webhook(entry("s-1")) })
	}
	senders.Wait()
	until(t, "the signal is executed", func() bool { return follower.state("s-1") == "executed" })
	placed := s.desk.Book.Orders()
	if len(placed) != 1 || placed[0].ClientOrderID != inbox.ClientOrderID("s-1", 1) ||
		placed[0].Lots != "12" || placed[0].Price != "54321.05" || placed[0].Action != "BASE_ENTRY" {
		t.Errorf("at the broker: %+v", placed)
	}
	for _, event := range []string{"permit.granted", "gate.passed", "order.acked", "signal.executed"} {
		logged := func() bool { return strings.Contains(leader.log.String(), "event="+event) }
		until(t, event+" is logged", logged)
	}
}

func TestSignalOfADeadLeadersTimeIsExecutedByItsSuccessor(t *testing.T) {
	s := newStage(t)
	clerk := s.start("reader-1", func(c *fencepost.Config) { c.Eligible = false })
	until(t, "the clerk is ready", func() bool { return clerk.Status().Ready })
	if code, body := clerk.webhook(entry("s-1")); code != 202 {
		t.Fatalf("%d %s", code, body)
	}
	leader := s.start("blue-1", nil)
	leader.leads()
	until(t, "the signal is executed", func() bool { return clerk.state("s-1") == "executed" })
}

func TestLostReplyOfTheBrokerDoublesNothing(t *testing.T) {
	s := newStage(t)
	leader := s.start("blue-1", nil)
	leader.leads()
	if err := s.desk.Conduct.Begin(paper.Behaviour{Act: paper.LostReply, Count: 1}); err != nil {
		t.Fatal(err)
	}
	if code, body := leader.webhook(entry("s-1")); code != 202 {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "the signal is executed", func() bool { return leader.state("s-1") == "executed" })
	if placed := s.desk.Book.Orders(); len(placed) != 1 {
		t.Errorf("at the broker: %+v", placed)
	}
}

func TestLeaderOnlyIntakeAnswersLikeTheSeed(t *testing.T) {
	s := newStage(t)
	only := func(c *fencepost.Config) { c.Intake = "leader-only" }
	leader := s.start("blue-1", only)
	leader.leads()
	follower := s.start("green-1", only)
	code, body := follower.webhook(entry("s-1"))
	if code != 200 || !strings.Contains(body, `"status":"rejected"`) ||
		!strings.Contains(body, `"reason":"not_leader"`) {
		t.Errorf("follower: %d %s", code, body)
	}
	if code, body := leader.webhook(entry("s-1")); code != 202 {
		t.Errorf("leader: %d %s", code, body)
	}
	until(t, "the signal is executed", func() bool { return leader.state("s-1") == "executed" })
}

func TestNothingIsAcknowledgedWhilePostgresIsAway(t *testing.T) {
	s := newStage(t)
	i := s.start("blue-1", func(c *fencepost.Config) {
		c.Postgres.DSN = fencepost.Secret("postgres://u@" + testbed.FreeAddr(t) + "/x")
	})
	code, body := i.webhook(entry("s-1"))
	if code != 503 || !strings.Contains(body, "send it again") {
		t.Errorf("%d %s", code, body)
	}
	if got := i.Status(); got.Ready || got.IsLeader {
		t.Errorf("%+v", got)
	}
}
