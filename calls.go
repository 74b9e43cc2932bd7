package fencepost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
	"fencepost/internal/pgledger"
	"fencepost/internal/redislease"
)

// leaseCaller carries out the calls to Redis.
type leaseCaller struct {
	lease *redislease.Lease
	// handicap is how much later than others this instance asks for the lease. The
	// node counts its trust from before it.
	handicap time.Duration
}

// Call carries out one call, which has one answer.
func (c leaseCaller) Call(ctx context.Context, e *core.Effect, reply func(*core.Input)) error {
	if e.Op == core.Acquire && c.handicap > 0 {
		timer := time.NewTimer(c.handicap)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return fmt.Errorf("acquire: %w", context.Cause(ctx))
		}
	}
	in, err := c.lease.Call(ctx, e)
	if err != nil {
		return err
	}
	reply(&in)
	return nil
}

// orders is where a signal's order is read.
type orders interface {
	Order(ctx context.Context, signal core.SignalID) (pgledger.Order, error)
	Note(signal core.SignalID, attempt uint32, note pgledger.BrokerNote)
}

// desk carries out the calls to the broker: it turns a signal's number into its
// order, and the broker's answer into an input.
type desk struct {
	orders orders
	broker *broker.WithoutCanaries
	// failed is told of everything but a clear answer.
	failed func(op core.Op, signal core.SignalID, err error)
	// called is told of every request to the broker what became of it, and when it
	// began: the answer's word, or withheld where nothing left this process.
	called func(e *core.Effect, outcome string, began time.Time)
}

// Call carries out one call. It always has an answer: whatever went wrong, the
// answer says what is known for certain.
func (d *desk) Call(ctx context.Context, e *core.Effect, reply func(*core.Input)) error {
	in := core.Input{Req: e.Req, Signal: e.Signal, Attempt: e.Attempt}
	order, err := d.orders.Order(ctx, e.Signal)
	if err != nil {
		err = fmt.Errorf("read order of signal %d: %w", e.Signal, err)
	}
	switch {
	case e.Op == core.Submit && err != nil:
		// Without the order nothing was sent, for certain.
		in.Kind = core.OrderWithheld
	case e.Op == core.Submit:
		in.Kind, in.Answer, err = d.submit(ctx, e, order)
	case err == nil:
		began := time.Now()
		result := d.broker.LookupOrder(ctx, orderOf(&order, e.Attempt))
		in.Kind, in.Answer, err = core.OrderLookedUp, result.Answer, result.Err
		d.note(e, result)
		d.count(e, &order, result, began)
	default:
		in.Kind = core.OrderLookedUp
	}
	if err != nil {
		d.failed(e.Op, e.Signal, err)
	}
	reply(&in)
	return nil
}

// orderOf is what the broker is sent for an attempt.
func orderOf(o *pgledger.Order, attempt uint32) broker.Order {
	return broker.Order{
		ClientOrderID: o.ClientOrderID(attempt), Instrument: o.Instrument, Action: o.Type,
		Position: o.Position, Lots: json.Number(o.Lots), Price: json.Number(o.Price),
		Stop: json.Number(o.Stop),
	}
}

func (d *desk) submit(
	ctx context.Context, e *core.Effect, o pgledger.Order,
) (core.InputKind, order.Answer, error) {
	began := time.Now()
	result := d.broker.Submit(ctx, orderOf(&o, e.Attempt), e.NotAfter)
	d.note(e, result)
	d.count(e, &o, result, began)
	if result.Withheld {
		return core.OrderWithheld, order.Unknown, result.Err
	}
	return core.OrderAnswered, result.Answer, result.Err
}

// count tells what became of a request. A canary is none: it never reaches the
// broker.
func (d *desk) count(e *core.Effect, o *pgledger.Order, result broker.Result, began time.Time) {
	switch {
	case o.Type == broker.CanaryAction:
	case result.Withheld:
		d.called(e, "withheld", began)
	default:
		d.called(e, result.Answer.String(), began)
	}
}

// note keeps what people want to find beside the outcome. It is written as plain
// text: the ledger takes no other, and would refuse the outcome with it.
func (d *desk) note(e *core.Effect, result broker.Result) {
	note := pgledger.BrokerNote{OrderID: wire.Said(result.OrderID), Detail: wire.Said(result.Note)}
	if result.Err != nil {
		note.Detail = wire.Said(result.Err.Error())
	}
	if note != (pgledger.BrokerNote{}) {
		d.orders.Note(e.Signal, e.Attempt, note)
	}
}

// errNoBroker says that an instance without a broker was given one, or signals.
var errNoBroker = errors.New("an instance without a broker takes in no signals: " +
	"no broker and no webhook.sources")

// withoutWork is the ledger of an instance that executes no signals: its node is
// told that there are none.
type withoutWork struct{ ledger *pgledger.Ledger }

// Call carries out one call.
func (w withoutWork) Call(ctx context.Context, e *core.Effect, reply func(*core.Input)) error {
	if e.Op == core.Fetch {
		reply(&core.Input{Kind: core.WorkListed, Req: e.Req, Flags: core.Done})
		return nil
	}
	return w.ledger.Call(ctx, e, reply)
}

// withoutDesk is the broker of an instance that has none. Nobody asks it.
type withoutDesk struct{}

// Call says so.
func (withoutDesk) Call(context.Context, *core.Effect, func(*core.Input)) error { return errNoBroker }
