package templated

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
)

// hostile is a text that leaves its place in JSON, in a form and in an address,
// unless it is written as what it is.
const hostile = "a\",\"injected\":\"1\\&injected=1/injected?injected=1#injected\r\nInjected: 1"

// trial is one kind of order: a template may write each in its own way.
type trial struct {
	action string
	side   broker.Side
	// lots, price and stop are empty if the sender leaves them out.
	lots, price, stop json.Number
}

// trials are all kinds of orders.
func trials() []trial {
	var all []trial
	for _, action := range broker.Actions() {
		for _, side := range []broker.Side{broker.Buy, broker.Sell} {
			for _, lots := range []json.Number{"12", ""} {
				for _, price := range []json.Number{"54321.05", ""} {
					for _, stop := range []json.Number{"54000", ""} {
						all = append(all, trial{action, side, lots, price, stop})
					}
				}
			}
		}
	}
	return all
}

// isWhole reports whether the order has every field.
func (t *trial) isWhole() bool { return t.lots != "" && t.price != "" && t.stop != "" }

// sample is an order of the trial's kind.
func (a *Adapter) sample(t *trial, id, text string, now core.Now) *Fields {
	f := a.fieldsOf(broker.Order{
		ClientOrderID: id, Instrument: text, Action: t.action, Position: text,
		Lots: t.lots, Price: t.price, Stop: t.stop,
	}, now)
	// Without lots there is no quantity, and the table writes no order at all.
	if len(a.config.Instruments) > 0 && t.lots != "" {
		f.unknown = nil
		f.ticket = broker.Ticket{Symbol: "SAMPLE", Side: t.side, Quantity: "12"}
	}
	return f
}

// The ids of two samples; nothing else in them is alike.
const (
	oneID   = "ONEONEONEONEONEONEAA"
	otherID = "TWOTWOTWOTWOTWOTWO22"
)

// sampleTime is when samples are written.
var sampleTime = core.Now{Wall: 1_700_000_000_000_000_000}

// carries says what of a promise an order bears.
type carries struct {
	// named is its id, dated the instant at which it left, and bounded for how long
	// the broker may accept it.
	named, dated, bounded bool
}

// trySamples runs every template with every kind of order and finds out what all
// of them carry. A kind that lacks something and cannot be written is refused
// before the wire, and promises nothing.
func (a *Adapter) trySamples() error {
	all := carries{named: true, dated: true, bounded: true}
	for _, t := range trials() {
		plain, err := a.order(a.sample(&t, oneID, "sample", sampleTime))
		switch {
		case err != nil && t.isWhole():
			return err
		case err != nil:
			continue
		}
		if err := a.attack(&t, plain); err != nil {
			return err
		}
		one, err := a.borne(&t, plain)
		if err != nil {
			return err
		}
		all.named, all.dated = all.named && one.named, all.dated && one.dated
		all.bounded = all.bounded && one.bounded
	}
	asks, exactly, err := a.tryQuestion()
	if err != nil {
		return err
	}
	a.promise = broker.Promise{
		Capability:  a.carried(all, asks, exactly),
		Actions:     broker.Actions(),
		Instruments: a.config.Instruments.Names(),
	}
	return nil
}

// attack writes the order again with fields that try to leave their places.
func (a *Adapter) attack(t *trial, plain *draft) error {
	attacked, err := a.order(a.sample(t, oneID, hostile, sampleTime))
	if err != nil {
		return fmt.Errorf("%w; a field stands there as it came: write it with json, query or path", err)
	}
	return a.sameShape(plain, attacked)
}

// borne finds out what an order bears, by changing it.
func (a *Adapter) borne(t *trial, plain *draft) (carries, error) {
	renamed := a.sample(t, otherID, "sample", sampleTime)
	later := a.sample(t, oneID, "sample", core.Now{Wall: sampleTime.Wall.Add(time.Second)})
	longer := a.sample(t, oneID, "sample", sampleTime)
	longer.RecvWindow++
	var differs [3]bool
	for i, f := range []*Fields{renamed, later, longer} {
		changed, err := a.order(f)
		if err != nil {
			return carries{}, err
		}
		differs[i] = !plain.equal(changed)
	}
	return carries{named: differs[0], dated: differs[1], bounded: differs[2]}, nil
}

// tryQuestion reports whether there is a look-up, and whether it names the
// order.
func (a *Adapter) tryQuestion() (asks, exactly bool, err error) {
	if a.config.Settings.Lookup.Path == "" {
		return false, false, nil
	}
	one, err := a.question(a.fieldsOf(broker.Order{ClientOrderID: oneID}, sampleTime))
	if err != nil {
		return false, false, err
	}
	other, err := a.question(a.fieldsOf(broker.Order{ClientOrderID: otherID}, sampleTime))
	if err != nil {
		return false, false, err
	}
	exactly = !one.equal(other)
	if !exactly && a.config.Settings.Lookup.List == "" {
		return false, false, errors.New("lookup.path: has no client order id, and lookup.list is not set: " +
			"which order is the answer about?")
	}
	return true, exactly, nil
}

// carried is as much of the claim as the templates carry. A list that was not
// asked for the one order may be cut off: its silence bounds nothing. A broker
// that is not told when to stop accepting an order counts from an instant that
// may lie ahead of its own clock: what is claimed of it takes that much longer.
func (a *Adapter) carried(all carries, asks, exactly bool) order.Capability {
	held := order.Capability{DefinitiveReject: a.config.Claim.DefinitiveReject}
	if all.named && asks {
		held.IDScope, held.Lookup = a.config.Claim.IDScope, order.LookupDayBook
		if exactly {
			held.Lookup = order.LookupExact
		}
	}
	if bound := a.config.Claim.LateArrivalBound; bound > 0 && all.dated && held.Lookup == order.LookupExact {
		held.LateArrivalBound = bound
		if !all.bounded {
			held.LateArrivalBound += broker.ClockTolerance
		}
	}
	return held
}

func (d *draft) equal(other *draft) bool {
	return d.where == other.where && string(d.body) == string(other.body) &&
		maps.EqualFunc(d.header, other.header, slices.Equal[[]string])
}

// sameShape reports a difference between two requests that is not one of values.
func (a *Adapter) sameShape(plain, attacked *draft) error {
	for _, part := range []struct {
		name      string
		one, more []string
	}{
		{"submit.body", a.bodyShape(plain.body), a.bodyShape(attacked.body)},
		{"submit.path", addressShape(plain.where), addressShape(attacked.where)},
	} {
		if !slices.Equal(part.one, part.more) {
			return fmt.Errorf("%s: a field stands there as it came and could add others: "+
				"write it with json, query or path", part.name)
		}
	}
	return nil
}

func (a *Adapter) bodyShape(body []byte) []string {
	if a.isForm() {
		values, _ := url.ParseQuery(string(body))
		return queryShape(values)
	}
	var root any
	// An empty body has no shape; any other was found to be JSON.
	_ = json.Unmarshal(body, &root)
	return jsonShape(nil, "", root)
}

// jsonShape lists the places of a document and what kind of value they have.
func jsonShape(list []string, place string, root any) []string {
	switch node := root.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(node)) {
			list = jsonShape(list, place+"/"+name, node[name])
		}
	case []any:
		for i, element := range node {
			list = jsonShape(list, fmt.Sprintf("%s/%d", place, i), element)
		}
	default:
		return append(list, fmt.Sprintf("%s %T", place, root))
	}
	return append(list, place)
}

func queryShape(values url.Values) []string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		list = append(list, fmt.Sprint(name, len(values[name])))
	}
	return list
}

func addressShape(where string) []string {
	address, err := url.Parse(where)
	if err != nil {
		return nil
	}
	segments := strings.Count(address.EscapedPath(), "/")
	return append(queryShape(address.Query()), fmt.Sprint(segments, address.Host))
}
