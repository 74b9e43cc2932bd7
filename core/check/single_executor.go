package check

import (
	"fmt"

	"fencepost/core"
	"fencepost/core/history"
)

// maxEpochs bounds how many epochs one history can have.
const maxEpochs = 1 << 20

// singleExecutor judges single-executor: in the ledger's own order, no permit
// of an older epoch stands after a younger epoch began, or after its own tenure
// was closed, and a signal has at most one attempt that is not void.
//
// It holds always and nothing excuses it. The order is that of fence_seq,
// which is drawn under the lock, never that of timestamps.
//
// Counter-example: a leader is paused between asking for a permit and the
// write that asks. A second leader takes the next epoch and works; the first
// wakes up, its request arrives, and a fence that looks only at belief, or that
// reads the epoch before it holds the lock, lets both send.
type singleExecutor struct {
	// base is the epoch of the arrays' first element. opened holds the place of
	// each takeover, closed that of the end of each tenure, granted the last place
	// of a permit under each epoch; zero is none.
	base    core.Epoch
	opened  []uint64
	closed  []uint64
	granted []uint64
	// youngest is the greatest epoch taken, last the greatest place of a permit.
	youngest core.Epoch
	last     uint64
	// line numbers the ledger's histories: one that lost rows begins another,
	// in which attempts and places are counted anew.
	line uint32
}

// reset forgets everything and keeps the memory.
func (c *singleExecutor) reset(first core.Epoch) {
	clear(c.opened)
	clear(c.closed)
	clear(c.granted)
	*c = singleExecutor{
		base: first, opened: c.opened[:0], closed: c.closed[:0], granted: c.granted[:0], youngest: first,
	}
}

// rewound begins another line.
func (c *singleExecutor) rewound() {
	clear(c.opened)
	clear(c.closed)
	clear(c.granted)
	c.youngest, c.last = c.base, 0
	c.line++
}

// room returns the epoch's place in the arrays, and whether it has one.
func (c *singleExecutor) room(s *Suite, epoch core.Epoch) (int, bool) {
	if epoch < c.base || epoch-c.base >= maxEpochs {
		s.giveUp("a record names an epoch that cannot be")
		return 0, false
	}
	i := int(epoch - c.base)
	for len(c.opened) <= i {
		c.opened = append(c.opened, 0)
		c.closed = append(c.closed, 0)
		c.granted = append(c.granted, 0)
	}
	return i, true
}

// tenureOpened takes a takeover. Permits of older epochs that were told of
// already must stand before it.
func (c *singleExecutor) tenureOpened(s *Suite, r *history.Record) {
	i, ok := c.room(s, r.Epoch)
	if !ok {
		return
	}
	if c.opened[i] == 0 || r.Seq < c.opened[i] {
		c.opened[i] = r.Seq
	}
	c.youngest = max(c.youngest, r.Epoch)
	if c.last <= r.Seq {
		return
	}
	for old, place := range c.granted[:i] {
		if place > r.Seq {
			c.broken(s, r, c.base+core.Epoch(old), r.Epoch)
			return
		}
	}
}

// tenureEnded takes the end of a tenure, if the ledger gave it a place. A permit
// that was told of already must stand before it.
func (c *singleExecutor) tenureEnded(s *Suite, r *history.Record) {
	if r.Seq == 0 {
		return
	}
	i, ok := c.room(s, r.Epoch)
	if !ok {
		return
	}
	c.closed[i] = r.Seq
	if c.granted[i] > r.Seq {
		c.afterClose(s, r, r.Epoch)
	}
}

// permitted takes a permit: no younger epoch may have begun before it, its own
// tenure must not have ended, and its signal must have no other attempt that is
// not void.
func (c *singleExecutor) permitted(s *Suite, r *history.Record) {
	s.marks[PermitJudged]++
	i, ok := c.room(s, r.Epoch)
	if !ok {
		return
	}
	c.granted[i] = max(c.granted[i], r.Seq)
	c.last = max(c.last, r.Seq)
	if r.Current.Supersedes(r.Epoch) && r.Epoch >= c.youngest {
		c.broken(s, r, r.Epoch, r.Current) // taken in a line of which nothing was told
	}
	if r.Epoch < c.youngest {
		for young, place := range c.opened[i+1:] {
			if place != 0 && place < r.Seq {
				c.broken(s, r, r.Epoch, r.Epoch+1+core.Epoch(young))
				break
			}
		}
	}
	if c.closed[i] != 0 && c.closed[i] < r.Seq {
		c.afterClose(s, r, r.Epoch)
	}
	c.attempted(s, r)
}

// afterClose reports a permit under a tenure that had been closed.
func (c *singleExecutor) afterClose(s *Suite, r *history.Record, epoch core.Epoch) {
	f := of(SingleExecutor, r, func(f *finding) string {
		return fmt.Sprintf("a permit was granted under epoch %d after its tenure was closed (signal %d, %s)",
			f.epoch, f.signal, name(f.node))
	})
	f.epoch = epoch
	s.breaks(f)
}

// broken reports a permit under an older epoch after a younger one began. It
// is a stale effect as well; single-executor stands first.
func (c *singleExecutor) broken(s *Suite, r *history.Record, old, young core.Epoch) {
	f := of(SingleExecutor, r, func(f *finding) string {
		return fmt.Sprintf("a permit was granted under epoch %d after epoch %d began (signal %d, %s)",
			f.epoch, f.a, f.signal, name(f.node))
	})
	f.epoch, f.a = old, int64(young)
	s.breaks(f)
	f.invariant = NoStaleEffect
	s.breaks(f)
}

// attempted notes the signal's attempt. The same number again is the same
// attempt: it is sent again.
func (c *singleExecutor) attempted(s *Suite, r *history.Record) {
	g := s.book.of(r.Signal)
	if g == nil {
		s.giveUp("a permit names a signal that cannot be")
		return
	}
	if g.line != c.line {
		g.line, g.live, g.voided = c.line, 0, false
	}
	if g.live != 0 && g.live != r.Attempt {
		f := of(SingleExecutor, r, func(f *finding) string {
			return fmt.Sprintf("signal %d got attempt %d while its attempt %d is not void (epoch %d, %s)",
				f.signal, f.b, f.a, f.epoch, name(f.node))
		})
		f.a, f.b = int64(g.live), int64(r.Attempt)
		s.breaks(f)
	}
	if g.voided {
		s.marks[AttemptRenewed]++
	}
	g.live, g.voided = r.Attempt, false
}

// voided takes an attempt off the signal.
func (c *singleExecutor) voided(g *signal, r *history.Record) {
	if g.line == c.line && g.live == r.Attempt {
		g.live, g.voided = 0, true
	}
}
