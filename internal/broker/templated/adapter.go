package templated

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"text/template"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

// Config says how to reach a broker, and in what language.
type Config struct {
	// URL is the broker's base address.
	URL      string
	Settings Settings
	// Claim is what the operator says that the broker promises. The adapter
	// promises as much of it as the templates carry.
	Claim order.Capability
	// Secrets are known to the templates of headers and bodies by their names.
	Secrets map[string]string
	// Instruments says how a signal's instrument is ordered; empty if the templates
	// use the signal's own words.
	Instruments broker.Instruments
	// Clock judges notAfter and stamps orders.
	Clock clock.Clock
	// TLS is used for https; nil is the standard library's default.
	TLS *tls.Config
	// Dial opens connections; nil is TCP to the address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Adapter is the broker.Adapter for the language of its settings.
type Adapter struct {
	config  Config
	line    *broker.Line
	senses  map[string]sense
	promise broker.Promise

	orderPath, body, askPath, bookPath *template.Template
	headers                            map[string]*template.Template
}

// New returns an adapter. It opens no connection yet. The error names every
// setting below broker that cannot work.
func New(config Config) (*Adapter, error) {
	line, err := broker.NewLine(broker.LineConfig{
		URL: config.URL, Clock: config.Clock, TLS: config.TLS, Dial: config.Dial,
	})
	if err != nil {
		return nil, err
	}
	if len(config.Secrets) > 0 {
		if err := line.CheckSecrecy("secrets"); err != nil {
			return nil, err
		}
	}
	a := &Adapter{config: config, line: line}
	faults := []error{config.Settings.check(), broker.CheckBound(config.Claim.LateArrivalBound)}
	if err := config.Instruments.Check(); err != nil {
		return nil, fmt.Errorf("broker.instruments.%w", err)
	}
	a.senses, err = config.Settings.Words.senses()
	faults = append(faults, err, a.parseAll())
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("broker.template: %w", err)
	}
	if err := errors.Join(a.trySamples(), a.tryBook()); err != nil {
		return nil, fmt.Errorf("broker.template: %w", err)
	}
	return a, nil
}

// Promise states what the templates can carry of the claim.
func (a *Adapter) Promise() broker.Promise { return a.promise }

// Close drops idle connections.
func (a *Adapter) Close() { a.line.Close() }

// Submit sends the order over a connection of its own.
func (a *Adapter) Submit(ctx context.Context, o broker.Order, notAfter core.Time) broker.Result {
	// Written once before the wire: what goes wrong now is wrong for good.
	if _, err := a.order(a.fieldsOf(o, a.config.Clock.Now())); err != nil {
		return broker.Refuse("%v", err)
	}
	reply, err := a.line.Send(ctx, notAfter, func(ctx context.Context) (*http.Request, error) {
		// And once more with the instant of the gate.
		d, err := a.order(a.fieldsOf(o, a.config.Clock.Now()))
		if err != nil {
			return nil, err
		}
		return d.request(ctx)
	})
	return broker.Submitted(a.promise.Capability, o.ClientOrderID, reply, err, a.submitted)
}

// Lookup asks for the one order. A broker that cannot be asked is not.
func (a *Adapter) Lookup(ctx context.Context, clientOrderID string) broker.Result {
	if a.promise.Lookup == order.LookupNone {
		return broker.Result{Err: errors.New("this broker cannot be asked")}
	}
	reply, err := a.ask(ctx, clientOrderID)
	return broker.LookedUp(a.promise.Capability, clientOrderID, reply, err, a.lookedUp)
}

func (a *Adapter) ask(ctx context.Context, clientOrderID string) (wire.Reply, error) {
	f := a.fieldsOf(broker.Order{ClientOrderID: clientOrderID}, a.config.Clock.Now())
	d, err := a.question(f)
	if err != nil {
		return wire.Reply{}, err
	}
	r, err := d.request(ctx)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.line.Ask(r, a.mostAnswer())
}

// mostAnswer is how much of an answer to a question is read.
func (a *Adapter) mostAnswer() int64 {
	if a.config.Settings.Lookup.List != "" {
		return wire.MaxBook
	}
	return wire.MaxBody
}
