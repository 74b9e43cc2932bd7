package load

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fencepost/internal/cluster"
	"fencepost/internal/testbed/rundir"
)

// TestASpreadNamesTheValuesThatSoManyDoNotExceed holds it against counting.
func TestASpreadNamesTheValuesThatSoManyDoNotExceed(t *testing.T) {
	t.Parallel()
	if SpreadOf(nil) != (Spread{}) {
		t.Error("nothing has a spread")
	}
	for _, n := range []int{1, 2, 3, 99, 100, 101, 1000} {
		took := make([]time.Duration, n)
		for i := range took {
			took[(i*7919)%n] = time.Duration(i + 1)
		}
		s := SpreadOf(slices.Clone(took))
		for percent, value := range map[int]Took{50: s.P50, 99: s.P99, 100: s.Max} {
			within := 0
			for _, v := range took {
				if v <= time.Duration(value) {
					within++
				}
			}
			if within*100 < percent*n || (within-1)*100 >= percent*n {
				t.Errorf("of %d values %d are within %d, which stands for %d in a hundred", n, within,
					value, percent)
			}
		}
	}
}

// door is a service that answers as the test wants.
func door(t *testing.T, answer http.HandlerFunc) Target {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return Target{Addr: strings.TrimPrefix(server.URL, "http://"), Path: "/webhook/t"}
}

// TestAServiceThatStandsStillOwesItsDelayToEverySignal: the sender is not held up by
// the answer that it waits for, or else one signal would be late and the others
// would not have been sent.
func TestAServiceThatStandsStillOwesItsDelayToEverySignal(t *testing.T) {
	t.Parallel()
	const stall, rate = 400 * time.Millisecond, 100
	free := make(chan struct{})
	time.AfterFunc(stall, func() { close(free) })
	to := door(t, func(w http.ResponseWriter, _ *http.Request) {
		<-free
		w.WriteHeader(http.StatusAccepted)
	})
	r := Open(t.Context(), []Target{to}, "still", rate, stall)
	if r.Sent != 40 || r.Acknowledged != 40 || len(r.Keys) != 40 || r.Keys[0] == r.Keys[1] {
		t.Fatalf("%+v", r)
	}
	if half := time.Duration(r.Latency.P50); half < stall/4 {
		t.Errorf("half of the signals were answered within %v of a stall of %v", half, stall)
	}
}

// TestAnswersAreCountedByWhatTheyAre: only a 202 is an acknowledgement.
func TestAnswersAreCountedByWhatTheyAre(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	to := door(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 4 {
		case 0:
			w.WriteHeader(http.StatusAccepted)
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			fmt.Fprint(w, "known")
		default:
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				conn.Close()
			}
		}
	})
	r := Closed(t.Context(), []Target{to}, "mixed", 1, 200*time.Millisecond)
	if r.Acknowledged == 0 || r.Answers["202"] != r.Acknowledged || len(r.Keys) != r.Acknowledged {
		t.Errorf("%+v", r)
	}
	for _, word := range []string{"503", "200", noAnswer} {
		if r.Answers[word] == 0 {
			t.Errorf("no answer was %s: %v", word, r.Answers)
		}
	}
	if r.Trouble == "" {
		t.Error("a connection that broke is no trouble")
	}
}

// TestNobodyThereIsNoAnswer: and the sender goes on.
func TestNobodyThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	var listening net.ListenConfig
	l, err := listening.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	r := Open(t.Context(), []Target{{Addr: addr, Path: "/"}}, "nobody", 100, 100*time.Millisecond)
	if r.Sent != 10 || r.Acknowledged != 0 || r.Answers[noAnswer] != 10 {
		t.Errorf("%+v", r)
	}
}

// TestAMeasuredClusterLosesNothingThatItAcknowledged plays a short measurement on real
// processes, and asks the ledger for a signal that nobody sent.
func TestAMeasuredClusterLosesNothingThatItAcknowledged(t *testing.T) {
	rundir.PreferMemory()
	ctx := t.Context()
	c, err := cluster.Start(ctx, cluster.Options{Nodes: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if _, err := c.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	p := Plan{Rate: 50, For: time.Second, Connections: 4}
	r, err := Run(ctx, c, p, func(text string) { t.Log(text) })
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	r.Render(&text)
	t.Log("\n" + text.String())
	if !r.Held || r.Interrupted || len(r.Legs) != 5 || r.Legs[4].Mode != "pause" {
		t.Errorf("%+v", r)
	}
	for i := range r.Legs {
		if l := &r.Legs[i]; l.Acknowledged < 10 || len(l.Keys) != l.Acknowledged {
			t.Errorf("leg %d: %d acknowledged", i, l.Acknowledged)
		} else if l.Cost.Whole() == 0 && runtime.GOOS == "linux" {
			t.Errorf("leg %d cost nobody any time: %v", i, l.Cost)
		}
	}
	// It leaves the control mode as it was: what was stored meanwhile is executed.
	if counts, err := c.Settle(ctx, time.Minute); err != nil {
		t.Errorf("%v after %v", counts, err)
	}
	keys := append(slices.Clone(r.Legs[0].Keys), "nobody-sent-this")
	missing, err := c.Ledger().Missing(ctx, keys)
	if err != nil || len(missing) != 1 || missing[0] != "nobody-sent-this" {
		t.Errorf("%v are missing, %v", missing, err)
	}
}
