package notify

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"fencepost/internal/pgledger"
)

// Outbox is where notifications wait.
type Outbox interface {
	ClaimNotices(ctx context.Context, most int, hold time.Duration) ([]pgledger.Notice, error)
	SettleNotice(ctx context.Context, o pgledger.NoticeOutcome) (string, error)
}

// Options says how to deliver.
type Options struct {
	Group    string
	Channels []Channel
	// Kinds are the wanted kinds.
	Kinds []string
	// Timeout bounds one attempt to send to one channel.
	Timeout time.Duration
	// GiveUpAfter is the age from which a notification that failed again and again is
	// given up.
	GiveUpAfter time.Duration
	// Poll is the time between two looks into the outbox.
	Poll time.Duration
	Log  *slog.Logger
	// Notified is told of each attempt at a channel. It must not wait.
	Notified func(channel string, delivered, givenUp bool)
}

// The bounds of delivering.
const (
	mostAtOnce  = 4
	minAttempts = 5
	firstAgain  = time.Second
	mostAgain   = 5 * time.Minute
	storeTime   = 2 * time.Second
	// never is older than any notification gets.
	never = 100 * 365 * 24 * time.Hour
)

// Courier delivers notifications. Make one with NewCourier.
type Courier struct {
	opt    Options
	outbox Outbox
}

// NewCourier returns a courier, who does nothing before Run.
func NewCourier(outbox Outbox, o Options) *Courier { return &Courier{opt: o, outbox: outbox} }

// Run delivers until the context ends. It does nothing where no channel is
// configured: what waits may be another instance's to deliver.
func (c *Courier) Run(ctx context.Context) {
	if len(c.opt.Channels) == 0 {
		return
	}
	ticker := time.NewTicker(c.opt.Poll)
	defer ticker.Stop()
	for {
		for c.round(ctx) == mostAtOnce {
			if ctx.Err() != nil {
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// hold is for how long a claim lasts: long enough for everything that was claimed
// with it to be sent and noted, one after the other. Channels do not wait for each
// other.
func (c *Courier) hold() time.Duration {
	return mostAtOnce*(c.opt.Timeout+storeTime) + storeTime
}

// round claims some notifications, delivers them, and returns how many it had.
func (c *Courier) round(ctx context.Context) int {
	bounded, cancel := context.WithTimeout(ctx, storeTime)
	claimed, err := c.outbox.ClaimNotices(bounded, mostAtOnce, c.hold())
	cancel()
	if err != nil {
		if ctx.Err() == nil {
			c.opt.Log.Debug("the outbox was not read; tried again", "error", err)
		}
		return 0
	}
	c.deliver(ctx, claimed)
	return len(claimed)
}

// wants tells whether anybody is to be told of it.
func (c *Courier) wants(n *pgledger.Notice) bool { return slices.Contains(c.opt.Kinds, n.Kind) }

// parcel is one notification on its way.
type parcel struct {
	*pgledger.Notice
	// lacks are the channels that it is to go to, by their places.
	lacks map[int]bool
	// failed is what each of them said that did not take it.
	failed []error
	// under counts the channels that are not done with it.
	under sync.WaitGroup
}

// deliver sends notifications to every channel that lacks them, and notes what came
// of each. A channel gets them in their order; one that does not answer keeps none
// from the others.
func (c *Courier) deliver(ctx context.Context, claimed []pgledger.Notice) {
	parcels := make([]*parcel, len(claimed))
	for i := range claimed {
		n := &claimed[i]
		p := &parcel{Notice: n, lacks: map[int]bool{}, failed: make([]error, len(c.opt.Channels))}
		for at := range c.opt.Channels {
			if c.wants(n) && !slices.Contains(n.DeliveredTo, c.opt.Channels[at].Name) {
				p.lacks[at] = true
			}
		}
		p.under.Add(len(p.lacks))
		parcels[i] = p
	}
	var lanes sync.WaitGroup
	for at := range c.opt.Channels {
		lanes.Go(func() {
			for _, p := range parcels {
				if p.lacks[at] {
					p.failed[at] = c.send(ctx, &c.opt.Channels[at], p.Notice)
					p.under.Done()
				}
			}
		})
	}
	for _, p := range parcels {
		p.under.Wait()
		c.note(ctx, p)
	}
	lanes.Wait()
}

// note notes what came of a notification. What the end of the process cut is no
// failure of a channel, and is anybody's to send again at once.
func (c *Courier) note(ctx context.Context, p *parcel) {
	o := pgledger.NoticeOutcome{
		ID: p.ID, Attempt: p.Attempts, GiveUpAfter: c.opt.GiveUpAfter, MinAttempts: minAttempts,
	}
	if !c.wants(p.Notice) {
		o.Ended, o.Unwanted = true, true
		c.settle(ctx, &o)
		return
	}
	var faults, failed []string
	for at := range c.opt.Channels {
		name := c.opt.Channels[at].Name
		switch err := p.failed[at]; {
		case !p.lacks[at]:
		case err == nil:
			o.Delivered = append(o.Delivered, name)
			c.opt.Notified(name, true, false)
		default:
			faults, failed = append(faults, name+": "+err.Error()), append(failed, name)
		}
	}
	o.Ended, o.Error, o.Again = len(failed) == 0, strings.Join(faults, "; "), Again(p.Attempts)
	if len(failed) > 0 && ctx.Err() != nil {
		o.Again, o.Error, o.GiveUpAfter = 0, "the instance ended while it was being sent", never
		c.settle(ctx, &o)
		return
	}
	state := c.settle(ctx, &o)
	for _, name := range failed {
		c.opt.Notified(name, false, state == "given_up")
	}
	if len(failed) > 0 {
		c.opt.Log.Warn("a notification was not delivered; tried again unless it is given up",
			"event", "notification.failed", "notification", p.ID, "kind", p.Kind, "state", state,
			"attempt", p.Attempts, "error", o.Error)
	}
}

// send sends to one channel, within the time limit.
func (c *Courier) send(ctx context.Context, channel *Channel, n *pgledger.Notice) error {
	bounded, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	return channel.Send(bounded, &Message{Group: c.opt.Group, Notice: *n}, time.Now())
}

// settle notes an outcome. If it cannot, the claim runs out and whoever is next
// sends again: at least once. The end of the process does not cut it.
func (c *Courier) settle(ctx context.Context, o *pgledger.NoticeOutcome) string {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTime)
	defer cancel()
	state, err := c.outbox.SettleNotice(bounded, *o)
	if err != nil {
		c.opt.Log.Debug("what came of a notification was not noted; it may come again", "error", err)
	}
	return state
}

// Again is how long to wait after that many attempts: twice as long each time, up
// to five minutes, less a random part, so that several do not come at once.
func Again(attempts int64) time.Duration {
	span := mostAgain
	if attempts < 10 {
		span = min(firstAgain<<max(attempts-1, 0), mostAgain)
	}
	return span - time.Duration(rand.Int64N(int64(span)/4))
}
