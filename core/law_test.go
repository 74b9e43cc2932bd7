package core_test

import (
	"fmt"
	"time"

	"fencepost/core"
)

// law is leadership without machinery: no messages, no roles, no time-outs. It
// says which happenings are lawful. What the nodes and the stores do together,
// in any order, must be one of its histories.
type law struct {
	ttl time.Duration
	// epoch is the youngest, of holder under token; open until it is closed.
	epoch  core.Epoch
	holder core.Token
	kind   core.TenureKind
	open   bool
	mode   core.Control
	// owner is who each epoch was given to.
	owner map[core.Epoch]core.Token
	// lease is until when the stores keep a claim of that token; beat until when
	// the holder's sign of life lasts.
	lease map[core.Token]core.Time
	beat  core.Time
	// permits are the attempts that may be sent, orders those that were.
	permits map[core.SignalID]spend
	orders  map[core.SignalID]uint32
}

// spend is the one attempt of a signal that is not void, and under which epoch
// it may be sent.
type spend struct {
	attempt uint32
	epoch   core.Epoch
}

func newLaw(ttl time.Duration) *law {
	return &law{
		ttl: ttl, mode: core.Run, owner: map[core.Epoch]core.Token{}, lease: map[core.Token]core.Time{},
		permits: map[core.SignalID]spend{}, orders: map[core.SignalID]uint32{},
	}
}

// claimed: Redis took or kept the token's claim. No other claim may stand.
func (l *law) claimed(now core.Time, token core.Token) error {
	for other, until := range l.lease {
		if other != token && until > now && l.kindOf(other) != core.TenurePG {
			return fmt.Errorf("%v claims the lease while %v has it", token, other)
		}
	}
	l.lease[token] = now.Add(l.ttl)
	return nil
}

// kindOf tells whether the token's claim is a column of the ledger.
func (l *law) kindOf(token core.Token) core.TenureKind {
	if token == l.holder {
		return l.kind
	}
	return core.TenureRedis
}

// live: the holder may still believe, so nobody may take from it.
func (l *law) live(now core.Time) bool {
	if !l.open {
		return false
	}
	if l.kind == core.TenurePG {
		return l.lease[l.holder] > now
	}
	return l.beat >= now
}

// taken: an epoch begins, the next one, taken from whoever is not live.
func (l *law) taken(now core.Time, e *core.Effect, epoch core.Epoch) error {
	switch pg := e.Tenure == core.TenurePG; {
	case epoch != l.epoch+1 || e.Epoch != l.epoch:
		return fmt.Errorf("epoch %d begins after %d, observed %d", epoch, l.epoch, e.Epoch)
	case l.live(now) && (pg || l.kind == core.TenurePG):
		return fmt.Errorf("epoch %d is taken from a live tenure", epoch)
	case pg:
		l.lease[e.Token] = now.Add(l.ttl)
	}
	l.epoch, l.holder, l.kind, l.open = epoch, e.Token, e.Tenure, true
	l.owner[epoch], l.beat = e.Token, now.Add(l.ttl)
	return nil
}

// mine: whoever acts under the epoch must be its holder, and the epoch the
// youngest and open.
func (l *law) mine(e *core.Effect) error {
	if e.Epoch != l.epoch || e.Token != l.holder || !l.open {
		return fmt.Errorf("%v under epoch %d by %v; epoch %d of %v stands, open %v",
			e.Op, e.Epoch, e.Token, l.epoch, l.holder, l.open)
	}
	return nil
}

// lived: the holder gave a sign of life.
func (l *law) lived(now core.Time, e *core.Effect) error {
	if err := l.mine(e); err != nil {
		return err
	}
	l.beat = now.Add(l.ttl)
	if l.kind == core.TenurePG {
		l.lease[l.holder] = l.beat
	}
	return nil
}

// permitted: the holder may send one attempt of a signal that has no other.
func (l *law) permitted(e *core.Effect) error {
	if err := l.mine(e); err != nil {
		return err
	}
	if has, ok := l.permits[e.Signal]; ok || l.mode != core.Run {
		return fmt.Errorf("signal %d is permitted beside %+v, in mode %v", e.Signal, has, l.mode)
	}
	l.permits[e.Signal] = spend{e.Attempt, e.Epoch}
	return nil
}

// ordered: the broker got an order. It is the first of the signal, and under
// its permit.
func (l *law) ordered(e *core.Effect) error {
	has, ok := l.permits[e.Signal]
	if _, twice := l.orders[e.Signal]; twice || !ok || has != (spend{e.Attempt, e.Epoch}) {
		return fmt.Errorf("signal %d, attempt %d, epoch %d is sent; permitted is %+v, sent %v",
			e.Signal, e.Attempt, e.Epoch, has, l.orders)
	}
	l.orders[e.Signal] = e.Attempt
	return nil
}

// voided: an attempt of which no order came will never be sent.
func (l *law) voided(signal core.SignalID, attempt uint32) error {
	if _, sent := l.orders[signal]; sent {
		return fmt.Errorf("signal %d was sent, and its attempt %d is called void", signal, attempt)
	}
	delete(l.permits, signal)
	return nil
}

// believes: who believes holds the youngest epoch, and a claim that lasts.
func (l *law) believes(now core.Time, epoch core.Epoch, token core.Token) error {
	switch {
	case l.owner[epoch] != token:
		return fmt.Errorf("%v believes under epoch %d of %v", token, epoch, l.owner[epoch])
	case epoch != l.epoch:
		return fmt.Errorf("%v believes under epoch %d, after %d began", token, epoch, l.epoch)
	case l.lease[token] <= now:
		return fmt.Errorf("%v believes at %v, its claim ended at %v", token, now, l.lease[token])
	}
	return nil
}
