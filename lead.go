package fencepost

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"fencepost/core"
	"fencepost/internal/driver"
)

// Lead is what an instance does while it leads. It is called at the beginning of
// each tenure, never twice at once. Its context ends when belief in the tenure
// ends, by the trust deadline on the local clock or because the instance hands
// over; it should return then.
//
// If it returns nil while its tenure lasts, this instance hands over and stands
// again later; if it returns an error, the instance hands over and Run returns the
// error. What it returns after its tenure ended is logged.
type Lead func(ctx context.Context, t *Tenure) error

// errStillLeading says that a Lead went on beyond its tenure.
var errStillLeading = errors.New("the function that leads has not returned")

// presidency runs a Lead through the tenures of an instance.
type presidency struct {
	lead Lead
	k    *Coordinator

	mu sync.Mutex
	// tenure is the one whose Lead has not returned, or nil; returned is closed
	// when it has.
	tenure   *Tenure
	returned chan struct{}
	// closed: the instance stops, and no other tenure is begun.
	closed bool
}

// preside calls lead in each tenure until the context ends or lead fails. A tenure
// that the node begins while lead has not returned from the one before is given
// back: there are never two at once.
func (p *presidency) preside(ctx context.Context) error {
	var last core.Epoch
	for {
		var s core.Status
		err := p.k.driver.Wait(ctx, func(now core.Status) bool {
			s = now
			return now.Believes && now.Epoch != last
		})
		if err != nil {
			return nil // the instance stops, and has handed over
		}
		last = s.Epoch
		t, returned := p.begin(ctx, &s)
		if t == nil {
			return nil
		}
		if err := p.attend(ctx, t, returned); err != nil {
			return fmt.Errorf("lead epoch %d: %w", t.epoch, err)
		}
	}
}

// begin enters a tenure, unless the instance stops.
func (p *presidency) begin(ctx context.Context, s *core.Status) (*Tenure, chan error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil
	}
	t := newTenure(ctx, s, p.k.driver.Status, p.k.ledger)
	p.tenure, p.returned = t, make(chan struct{})
	done := make(chan error, 1)
	go func() {
		// A panic ends the process, which loses its lease: the safe direction.
		done <- p.lead(tenureContext{t.ctx, t}, t)
	}()
	return t, done
}

// attend waits until the tenure has ended and lead has returned, whichever is
// first, and then for the other. The error is lead's, if it failed before its time.
func (p *presidency) attend(ctx context.Context, t *Tenure, done <-chan error) error {
	defer p.left()
	defer t.end(ErrNotLeader)
	early, err := p.watch(t, done)
	if early {
		switch {
		case !t.Valid():
		case err != nil:
			return err
		default:
			t.end(ErrResigned)
			p.k.askToStepDown(t.epoch)
			if failed := p.k.handedOver(ctx, t.epoch); failed != nil && ctx.Err() == nil {
				p.k.observer.Log().Warn("leadership was not handed over yet", "error", failed)
			}
			return nil
		}
	} else {
		t.end(ErrNotLeader)
		err = p.outlast(ctx, t, done)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		p.k.observer.Log().Warn("leading ended with an error, after the tenure had ended",
			"epoch", uint64(t.epoch), "error", err)
	}
	return nil
}

// watch waits until lead returns or its tenure is over.
func (p *presidency) watch(t *Tenure, done <-chan error) (early bool, err error) {
	for {
		_, stepped := p.k.driver.Changes()
		left := t.Left()
		if left <= 0 {
			return false, nil
		}
		// A timer of the runtime stands still in suspend, and knows nothing of a
		// clock that a test has moved.
		timer := time.NewTimer(min(left, p.k.protocol.Margin))
		select {
		case err := <-done:
			timer.Stop()
			return true, err
		case <-t.ctx.Done():
		case <-stepped:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// outlast waits for a lead whose tenure is over. What the node is elected for
// meanwhile it gives back, so that others can lead.
func (p *presidency) outlast(ctx context.Context, t *Tenure, done <-chan error) error {
	warned := time.NewTimer(p.k.protocol.TTL)
	defer warned.Stop()
	for {
		s, stepped := p.k.driver.Changes()
		if s.Believes && s.Epoch != t.epoch {
			stop, cancel := context.WithTimeout(ctx, p.k.protocol.StoreTimeout)
			_ = p.k.driver.PutWithin(stop, core.Input{Kind: core.StepDownRequested})
			cancel()
		}
		select {
		case err := <-done:
			return err
		case <-ctx.Done():
			// The process ends. Whoever waits longer keeps others waiting.
			select {
			case err := <-done:
				return err
			default:
				return errStillLeading
			}
		case <-warned.C:
			p.k.observer.Log().Error("the function that leads goes on beyond its tenure; "+
				"this instance does not lead again before it returns",
				"event", "lead.overdue", "epoch", uint64(t.epoch))
		case <-stepped:
		}
	}
}

// left notes that lead has returned.
func (p *presidency) left() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tenure = nil
	close(p.returned)
}

// drain ends the tenure for lead, while the node still holds it, and waits until
// lead has returned. Last says that no other tenure begins.
func (p *presidency) drain(ctx context.Context, last bool) error {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	p.closed = p.closed || last
	t, returned := p.tenure, p.returned
	p.mu.Unlock()
	if t == nil {
		return nil
	}
	t.end(ErrResigned)
	select {
	case <-returned:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("epoch %d: %w", t.epoch, errStillLeading)
	}
}

// askToStepDown asks the node to hand over the epoch, if it still has it. It gives up
// for nothing but the end of the node: whoever asks has ended the tenure for lead. A
// node that is held for longer than it trusts its lease steps down by itself.
func (k *Coordinator) askToStepDown(epoch core.Epoch) {
	if k.driver.Status().Epoch == epoch {
		k.driver.Put(core.Input{Kind: core.StepDownRequested})
	}
}

// handedOver waits until the node has handed over the epoch.
func (k *Coordinator) handedOver(ctx context.Context, epoch core.Epoch) error {
	err := k.driver.Wait(ctx, func(s core.Status) bool { return s.Epoch != epoch })
	if err != nil && !errors.Is(err, driver.ErrEnded) {
		return fmt.Errorf("resign from epoch %d: %w; it goes on", epoch, err)
	}
	return nil
}

// drainTime bounds how long a handover waits for lead: half of the time for an
// orderly shutdown, so that the other half is left for the stores.
func (k *Coordinator) drainTime() time.Duration { return time.Duration(k.config.ShutdownTimeout) / 2 }
