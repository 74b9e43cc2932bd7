package cluster

import (
	"bytes"
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"sync"
	"time"
)

// The sender's patience: TradingView gives up on an answer after three seconds
// and sends again.
const (
	sendBound  = 3 * time.Second
	resendWait = 200 * time.Millisecond
	resendMost = 50
)

// Answer is what a node says to a signal.
type Answer struct {
	Code int `json:"-"`
	// Status is accepted, duplicate or rejected; State is where the signal stands.
	Status string `json:"status"`
	Key    string `json:"signal_id"`
	State  string `json:"state"`
}

// Send sends a signal with that id to a node, once. An answer that is no
// success is an error.
func (c *Cluster) Send(ctx context.Context, n *Node, id string) (Answer, error) {
	return c.post(ctx, n, entry(id))
}

// instruments is over how many instruments signals are spread: one signal of each
// is open at a time.
const instruments = 64

// entry is the body of a signal. It is the same each time: another one under the
// same id would be refused.
func entry(id string) []byte {
	const form = `{"type": "BASE_ENTRY", "instrument": "INSTRUMENT_%[2]d", "position": "Long_%[1]s",
		"signal_id": "%[1]s", "timestamp": "2026-01-05T09:15:00+05:30",
		"price": 52000.5, "stop": 51800, "lots": 2}`
	return fmt.Appendf(nil, form, id, crc32.ChecksumIEEE([]byte(id))%instruments)
}

// post sends a body to a node's webhook.
func (c *Cluster) post(ctx context.Context, n *Node, body []byte) (Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, sendBound)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL()+"/webhook/"+c.webhookToken,
		bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	var answer Answer
	answer.Code, err = exchange(request, &answer)
	if err != nil {
		return answer, fmt.Errorf("send signal to %s: %w", n.id, err)
	}
	return answer, nil
}

// Traffic is a sender that goes on until it is stopped: one signal after every
// interval, to each node in turn, and again to the next one until somebody
// acknowledges it.
type Traffic struct {
	cluster *Cluster
	end     context.CancelFunc
	all     sync.WaitGroup

	mu           sync.Mutex
	sent         int
	resent       int
	acknowledged []string
	refused      []string
}

// StartTraffic starts a sender whose signals' ids begin with the prefix. It
// ends with ctx at the latest.
func (c *Cluster) StartTraffic(ctx context.Context, prefix string, every time.Duration) *Traffic {
	ctx, end := context.WithCancel(ctx)
	t := &Traffic{cluster: c, end: end}
	t.all.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			// A signal that was sent once is sent until it is acknowledged, also when no
			// new ones are.
			t.all.Go(func() { t.deliver(context.WithoutCancel(ctx), fmt.Sprintf("%s-%04d", prefix, n), n) })
		}
	})
	return t
}

// deliver sends one signal until it is acknowledged.
func (t *Traffic) deliver(ctx context.Context, id string, first int) {
	t.count(&t.sent)
	for try := range resendMost {
		if try > 0 {
			t.count(&t.resent)
		}
		answer, err := t.cluster.Send(ctx, t.cluster.nodes[(first+try)%len(t.cluster.nodes)], id)
		if err == nil {
			t.keep(&t.acknowledged, answer.Key)
			return
		}
		wait := time.NewTimer(resendWait)
		<-wait.C
	}
	t.keep(&t.refused, id)
}

func (t *Traffic) count(what *int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*what++
}

func (t *Traffic) keep(list *[]string, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*list = append(*list, key)
}

// Tally is what a sender can tell.
type Tally struct {
	// Sent counts signals, and Resent how often one was sent again.
	Sent, Resent int
	// Acknowledged are the keys of those that a node said were stored; Refused
	// those that the sender gave up on.
	Acknowledged, Refused []string
}

// Stop sends no new signals, waits until each one that was sent is acknowledged
// or given up, and tells what came of it.
func (t *Traffic) Stop() Tally {
	t.end()
	t.all.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	return Tally{t.sent, t.resent, t.acknowledged, t.refused}
}
