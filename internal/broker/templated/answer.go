package templated

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
)

// submitted says what an answer to an order means.
func (a *Adapter) submitted(id string, reply wire.Reply) wire.Meaning {
	s := &a.config.Settings.Submit
	refuses := slices.Contains(s.Refusal.Codes, reply.Status)
	if !refuses && !slices.Contains(s.Answer.Codes, reply.Status) {
		return wire.Unclear("status %d says nothing about the order", reply.Status)
	}
	var root any
	if err := wire.Decode(reply.Body, &root); err != nil {
		return wire.Unclear("status %d: read answer: %w", reply.Status, err)
	}
	if refuses {
		said := a.read(&s.Refusal, id, root)
		if said.Err == nil && said.Answer != order.Rejected {
			return wire.Unclear("status %d, but the body says %q", reply.Status, said.Note)
		}
		return said
	}
	said := a.read(&s.Answer, id, root)
	if said.Err == nil && said.Answer == order.Absent {
		return wire.Unclear("the answer to an order says %q", said.Note)
	}
	return said
}

// read takes an answer at its words.
func (a *Adapter) read(r *Reading, id string, root any) wire.Meaning {
	word, ok := at(root, r.Status)
	if !ok {
		return wire.Unclear("the answer has nothing at %s", r.Status)
	}
	means, ok := a.senses[word]
	if !ok {
		return wire.Unclear("the word %q stands in no list", wire.Said(word))
	}
	if means.duplicate {
		return wire.Unclear("an order with this id exists: %s", word)
	}
	if r.ClientOrderID != "" {
		if named, _ := at(root, r.ClientOrderID); named != id {
			return wire.Unclear("the answer is about order %q", wire.Said(named))
		}
	}
	said := wire.Meaning{Answer: means.answer, Note: wire.Said(word)}
	if means.answer == order.Absent {
		return said
	}
	if r.OrderID != "" {
		if said.OrderID, ok = at(root, r.OrderID); !ok && means.answer != order.Rejected {
			return wire.Unclear("%s without an order id of the broker's", word)
		}
	}
	return said
}

// lookedUp says what an answer to a question means.
func (a *Adapter) lookedUp(id string, reply wire.Reply) wire.Meaning {
	l := &a.config.Settings.Lookup
	absent := slices.Contains(l.Absent.Codes, reply.Status)
	if !absent && !slices.Contains(l.Answer.Codes, reply.Status) {
		return wire.Unclear("look-up answered with status %d", reply.Status)
	}
	var root any
	if err := wire.DecodeUpTo(int(a.mostAnswer()), reply.Body, &root); err != nil {
		return wire.Unclear("status %d: read answer: %w", reply.Status, err)
	}
	switch {
	case absent:
		said := a.read(&l.Absent, id, root)
		if said.Err == nil && said.Answer != order.Absent {
			return wire.Unclear("status %d, but the body says %q", reply.Status, said.Note)
		}
		return said
	case l.List != "":
		return a.pick(id, root)
	default:
		return a.read(&l.Answer, id, root)
	}
}

// pick finds the order in a list. That it is not there is proof only if every
// order of the list says whose it is, and nothing if the broker was asked for this
// one and told of others.
func (a *Adapter) pick(id string, root any) wire.Meaning {
	l := &a.config.Settings.Lookup
	list, ok := find(root, l.List).([]any)
	if !ok {
		return wire.Unclear("the answer has no list at %s", l.List)
	}
	var found []wire.Meaning
	nameless := false
	for _, one := range list {
		if _, isOrder := one.(map[string]any); !isOrder {
			return wire.Unclear("the list holds something that is no order")
		}
		named, ok := at(one, l.Answer.ClientOrderID)
		nameless = nameless || !ok
		if ok && named == id {
			found = append(found, a.read(&l.Answer, id, one))
		}
	}
	switch {
	case len(found) > 0:
		return wire.Heaviest(found)
	case nameless:
		return wire.Unclear("the list holds an order with no id at %s: absence proves nothing",
			l.Answer.ClientOrderID)
	case a.promise.Lookup == order.LookupExact && len(list) > 0:
		return wire.Unclear("asked for one order, the broker told of others: absence proves nothing")
	default:
		return wire.Meaning{Answer: order.Absent}
	}
}

// find walks down a document: names of fields and numbers of elements, with
// dots between them; nil if there is nothing. A single dot is the document.
func find(root any, path string) any {
	if path == "." {
		return root
	}
	for step := range strings.SplitSeq(path, ".") {
		switch node := root.(type) {
		case map[string]any:
			root = node[step]
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(node) {
				return nil
			}
			root = node[n]
		default:
			return nil
		}
	}
	return root
}

// at returns the word at the place: a text, a number as it is written, or true
// or false. It is never empty.
func at(root any, path string) (string, bool) {
	switch value := find(root, path).(type) {
	case string:
		return value, value != ""
	case json.Number:
		return value.String(), true
	case bool:
		return strconv.FormatBool(value), true
	default:
		return "", false
	}
}
