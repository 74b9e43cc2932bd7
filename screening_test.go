package fencepost_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"fencepost"
	"fencepost/core"
	"fencepost/internal/config"
)

// A similar signal is refused or held by whichever instance it reaches.
func TestSimilarSignalsAreNotExecutedTwice(t *testing.T) {
	s := newStage(t)
	alike := func(c *fencepost.Config) {
		c.Webhook.Similar = config.Similar{
			Window: fencepost.Duration(time.Hour), Answer: config.SimilarRejected,
		}
	}
	one, other := s.start("blue-1", alike), s.start("green-1", alike)
	until(t, "one of the two leads", func() bool { return one.IsLeader() || other.IsLeader() })
	answers := make(chan string, 8)
	var senders sync.WaitGroup
	for i := range cap(answers) {
		senders.Go(func() {
			to := []*instance{one, other}[i%2]
			_, body := to.webhook(strings.Replace(aSignal("same"), `"signal_id":"same"`,
				fmt.Sprintf(`"signal_id":"s-%d"`, i), 1))
			answers <- body
		})
	}
	senders.Wait()
	close(answers)
	count := map[string]int{}
	for body := range answers {
		var said struct{ Status, State, Reason string }
		if err := json.Unmarshal([]byte(body), &said); err != nil {
			t.Fatal(err)
		}
		count[said.Status+" "+said.State+" "+said.Reason]++
	}
	if count["accepted received "] != 1 || count["rejected rejected similar"] != 7 {
		t.Errorf("%v", count)
	}
}

// A signal from the future waits for a person, who is told; once it is freed it
// is executed.
func TestSignalFromTheFutureIsHeldWithAnAlert(t *testing.T) {
	s := newStage(t)
	i := s.start("blue-1", func(c *fencepost.Config) {
		source := c.Webhook.Sources["test"]
		source.Timezone = "Asia/Kolkata"
		c.Webhook.Sources["test"] = source
	})
	i.leads()
	india := time.FixedZone("IST", 5*3600+1800)
	send := func(id, at string) string {
		code, body := i.webhook(strings.Replace(aSignal(id), "2025-11-29T09:15:00Z", at, 1))
		if code != 202 {
			t.Errorf("%s: %d", id, code)
		}
		return body
	}
	for id, at := range map[string]string{
		"zone":    time.Now().Add(10 * time.Minute).UTC().Format(time.RFC3339),
		"no-zone": time.Now().Add(10 * time.Minute).In(india).Format("2006-01-02T15:04:05"),
	} {
		body := send(id, at)
		if !strings.Contains(body, `"state":"held"`) || !strings.Contains(body, `"ahead"`) {
			t.Errorf("%s: %s", id, body)
		}
	}
	for id, at := range map[string]string{
		"now":     time.Now().In(india).Format("2006-01-02T15:04:05"),
		"old":     "2001-01-01T00:00:00Z",
		"unknown": "bar 17",
	} {
		if body := send(id, at); !strings.Contains(body, `"state":"received"`) {
			t.Errorf("%s: %s", id, body)
		}
	}
	if strings.Count(i.log.String(), "event=alert.raised") != 2 {
		t.Error("a person was not told twice")
	}
	held, err := i.Signals(t.Context(), fencepost.SignalFilter{Alerted: true})
	if err != nil || len(held) != 2 {
		t.Fatalf("%+v, %v", held, err)
	}
	err = i.Decide(t.Context(), fencepost.Decision{
		Signal: held[0].ID, Outcome: core.Received, By: "eve", Reason: "its clock is wrong",
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the freed signal is executed", func() bool {
		got, err := i.Signal(t.Context(), held[0].ID)
		return err == nil && got.State == "executed"
	})
}
