package load

import (
	"context"
	"fmt"
	"hash/crc32"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// noAnswer is how a signal is counted whose sender learned nothing.
const noAnswer = "none"

// Result is what senders can tell.
type Result struct {
	// Sent counts signals; Acknowledged those of them that were answered by 202.
	Sent         int `json:"sent"`
	Acknowledged int `json:"acknowledged"`
	// Answers counts the answers by their status; "none" stands for a connection
	// that broke and for an answer that did not come in time.
	Answers map[string]int `json:"answers"`
	Seconds float64        `json:"seconds"`
	// PerSecond is how many signals a second were acknowledged.
	PerSecond float64 `json:"per_second"`
	// Latency is that of the acknowledged ones.
	Latency Spread `json:"latency"`
	// Keys are the keys of the acknowledged signals.
	Keys []string `json:"-"`
	// Trouble is the first error of a sender, "" if there was none.
	Trouble string `json:"trouble,omitempty"`
}

// tally collects what senders learn.
type tally struct {
	mu     sync.Mutex
	result Result
	took   []time.Duration
}

func newTally() *tally { return &tally{result: Result{Answers: map[string]int{}}} }

// count takes down what became of one signal.
func (t *tally) count(id string, code int, took time.Duration, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.result.Sent++
	word := noAnswer
	if err == nil {
		word = strconv.Itoa(code)
	} else if t.result.Trouble == "" {
		t.result.Trouble = err.Error()
	}
	t.result.Answers[word]++
	if err == nil && code == http.StatusAccepted {
		t.result.Acknowledged++
		t.result.Keys = append(t.result.Keys, id)
		t.took = append(t.took, took)
	}
}

// end returns what came of all of them, in so much time.
func (t *tally) end(whole time.Duration) Result {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.result
	r.Seconds = whole.Seconds()
	r.PerSecond = float64(r.Acknowledged) / r.Seconds
	r.Latency = SpreadOf(t.took)
	return r
}

// instruments is over how many instruments signals are spread: one signal of each
// is open at a time.
const instruments = 64

// signal is the body of a signal with that id.
func signal(id string) []byte {
	const form = `{"type": "BASE_ENTRY", "instrument": "INSTRUMENT_%[2]d", "position": "Long_%[1]s",` +
		`"signal_id": "%[1]s", "timestamp": "2026-01-05T09:15:00+05:30",` +
		`"price": 52000.5, "stop": 51800, "lots": 2}`
	return fmt.Appendf(nil, form, id, crc32.ChecksumIEEE([]byte(id))%instruments)
}

// Open sends so many signals a second, to the targets in turn, until ctx ends or
// the time is over, and then waits for the answers that are still due. Each
// signal's delay is counted from the instant at which it was due.
func Open(ctx context.Context, targets []Target, prefix string, rate float64, span time.Duration) Result {
	t, idle, all := newTally(), make([]chan *line, len(targets)), sync.WaitGroup{}
	for i := range idle {
		idle[i] = make(chan *line, 1024)
	}
	patient := context.WithoutCancel(ctx) // a signal that was sent is waited for
	began := time.Now()
	for n := 0; ; n++ {
		after := time.Duration(float64(n) / rate * float64(time.Second))
		due := began.Add(after)
		if after >= span || !await(ctx, due) {
			break
		}
		at := n % len(targets)
		all.Go(func() {
			id := fmt.Sprintf("%s-%06d", prefix, n)
			l := taken(idle[at], targets[at])
			code, err := l.post(patient, signal(id))
			t.count(id, code, time.Since(due), err)
			select {
			case idle[at] <- l:
			default:
				l.close()
			}
		})
	}
	whole := time.Since(began)
	all.Wait()
	for _, lines := range idle {
		close(lines)
		for l := range lines {
			l.close()
		}
	}
	return t.end(whole)
}

// taken returns a connection that nobody uses, or a new one.
func taken(idle <-chan *line, target Target) *line {
	select {
	case l := <-idle:
		return l
	default:
		return &line{target: target}
	}
}

// await waits for an instant, and reports whether it came before ctx ended.
func await(ctx context.Context, due time.Time) bool {
	wait := time.NewTimer(time.Until(due))
	defer wait.Stop()
	select {
	case <-wait.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// Closed sends on so many connections, spread over the targets, each as soon as
// its last signal is answered, for so long or until ctx ends.
func Closed(ctx context.Context, targets []Target, prefix string, lines int, span time.Duration) Result {
	t, all, next := newTally(), sync.WaitGroup{}, atomic.Int64{}
	began := time.Now()
	for i := range lines {
		all.Go(func() {
			l := &line{target: targets[i%len(targets)]}
			defer l.close()
			for time.Since(began) < span && ctx.Err() == nil {
				id := fmt.Sprintf("%s-%06d", prefix, next.Add(1))
				sent := time.Now()
				code, err := l.post(context.WithoutCancel(ctx), signal(id))
				t.count(id, code, time.Since(sent), err)
			}
		})
	}
	all.Wait()
	return t.end(time.Since(began))
}
