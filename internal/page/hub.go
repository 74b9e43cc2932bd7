package page

import (
	"context"
	"sync"
	"time"
)

// mostStreams is how many pages may be open at once on one instance.
const mostStreams = 16

// hub reads while somebody looks, once for all.
type hub struct {
	options Options
	parts   []part

	mu      sync.Mutex
	viewers map[*viewer]struct{}
	seen    picture
	reads   bool
	// ended is closed by close, and cuts a round that is under way.
	ended  context.Context //nolint:containedctx // the hub's own life, which no caller has
	finish context.CancelFunc
}

// viewer is one open stream.
type viewer struct {
	// fresh is told of each round; several become one.
	fresh chan struct{}
}

func newHub(o Options) *hub {
	h := &hub{options: o, parts: o.parts(), viewers: map[*viewer]struct{}{}}
	h.ended, h.finish = context.WithCancel(context.Background())
	return h
}

func (h *hub) close() { h.finish() }

// join opens a stream, or says that there are too many. The first begins the
// rounds.
func (h *hub) join() (*viewer, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.viewers) >= mostStreams || h.ended.Err() != nil {
		return nil, false
	}
	v := &viewer{fresh: make(chan struct{}, 1)}
	h.viewers[v] = struct{}{}
	if !h.reads {
		h.reads = true
		go h.look()
	}
	return v, true
}

func (h *hub) leave(v *viewer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, v)
}

// picture returns what is known, nil before the first round.
func (h *hub) picture() picture {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen
}

// look reads until nobody looks any more. What was known stays: who comes next
// is told how old it is, until the first round is over.
func (h *hub) look() {
	ticker := time.NewTicker(h.options.Every)
	defer ticker.Stop()
	for h.pass() {
		select {
		case <-ticker.C:
		case <-h.ended.Done():
		}
	}
}

// pass reads once and tells everybody. It returns false when there is nobody.
func (h *hub) pass() bool {
	before, looked := h.begin()
	if looked {
		h.tell(round(h.ended, h.parts, before))
	}
	return looked
}

// begin returns what is known, and whether anybody looks. If nobody does the
// rounds are over.
func (h *hub) begin() (before picture, looked bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads = len(h.viewers) > 0 && h.ended.Err() == nil
	return h.seen, h.reads
}

func (h *hub) tell(now picture) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen = now
	for v := range h.viewers {
		select {
		case v.fresh <- struct{}{}:
		default:
		}
	}
}
