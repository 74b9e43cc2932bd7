package templated

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
)

// hostile is a text that leaves its place in JSON, in a form and in an address,
// unless it is written as what it is.
const hostile = "a\",\"injected\":\"1\\&injected=1/injected?injected=1#injected\r\nInjected: 1"

// sample is an order with every field set.
func (a *Adapter) sample(id, action, text string, now core.Now) *Fields {
	f := a.fieldsOf(broker.Order{
		ClientOrderID: id, Instrument: text, Action: action, Position: text,
		Lots: "12", Price: "54321.05", Stop: "54000",
	}, now)
	if len(a.config.Instruments) > 0 {
		f.unknown = nil
		f.ticket = broker.Ticket{Symbol: "SAMPLE", Side: broker.Buy, Quantity: "12"}
	}
	return f
}

// The ids of two samples; nothing else in them is alike.
const (
	oneID   = "ONEONEONEONEONEONEAA"
	otherID = "TWOTWOTWOTWOTWOTWO22"
)

// trySamples runs every template and finds out what they carry.
func (a *Adapter) trySamples() error {
	then, later := core.Now{Wall: 1_700_000_000_000_000_000}, core.Now{Wall: 1_700_000_001_000_000_000}
	for _, action := range broker.Actions() {
		plain, err := a.order(a.sample(oneID, action, "sample", then))
		if err != nil {
			return err
		}
		attacked, err := a.order(a.sample(oneID, action, hostile, then))
		if err != nil {
			return fmt.Errorf("%w; a field stands there as it came: write it with json, query or path", err)
		}
		if err := a.sameShape(plain, attacked); err != nil {
			return err
		}
	}
	first, err := a.order(a.sample(oneID, "EXIT", "sample", then))
	if err != nil {
		return err
	}
	second, err := a.order(a.sample(otherID, "EXIT", "sample", then))
	if err != nil {
		return err
	}
	stamped, err := a.order(a.sample(oneID, "EXIT", "sample", later))
	if err != nil {
		return err
	}
	named, dated := !first.equal(second), !first.equal(stamped)
	asks, exactly, err := a.tryQuestion()
	if err != nil {
		return err
	}
	a.promise = broker.Promise{
		Capability:  a.carried(named, dated, asks, exactly),
		Actions:     broker.Actions(),
		Instruments: a.config.Instruments.Names(),
	}
	return nil
}

// tryQuestion reports whether there is a look-up, and whether it names the
// order.
func (a *Adapter) tryQuestion() (asks, exactly bool, err error) {
	if a.config.Settings.Lookup.Path == "" {
		return false, false, nil
	}
	now := core.Now{Wall: 1_700_000_000_000_000_000}
	one, err := a.question(a.fieldsOf(broker.Order{ClientOrderID: oneID}, now))
	if err != nil {
		return false, false, err
	}
	other, err := a.question(a.fieldsOf(broker.Order{ClientOrderID: otherID}, now))
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
// asked for the one order may be cut off: its silence bounds nothing.
func (a *Adapter) carried(named, dated, asks, exactly bool) order.Capability {
	held := order.Capability{DefinitiveReject: a.config.Claim.DefinitiveReject}
	if named && asks {
		held.IDScope, held.Lookup = a.config.Claim.IDScope, order.LookupDayBook
		if exactly {
			held.Lookup = order.LookupExact
		}
	}
	if dated && held.Lookup == order.LookupExact {
		held.LateArrivalBound = a.config.Claim.LateArrivalBound
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
