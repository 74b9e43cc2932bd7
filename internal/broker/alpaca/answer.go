package alpaca

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
)

// document is what is read of an order object.
type document struct {
	ID            string `json:"id"`
	ClientOrderID string `json:"client_order_id"`
	Status        string `json:"status"`
	Symbol        string `json:"symbol"`
	Side          string `json:"side"`
	// Qty is a decimal number in quotes, and null for an order of an amount of
	// money, which is none of ours.
	Qty string `json:"qty"`
	// SubmittedAt is what lists are ordered by, in RFC 3339.
	SubmittedAt string `json:"submitted_at"`
	// FilledQty is a decimal number in quotes.
	FilledQty string `json:"filled_qty"`
}

// problem is the body of a refusal.
type problem struct {
	Code    json.Number `json:"code"`
	Message string      `json:"message"`
}

// aboutID finds a refusal that is about the client order id. It was seen with
// and without its underscores.
var aboutID = regexp.MustCompile(`(?i)client[ _-]?order[ _-]?id`)

// The beginnings of the codes that say what kind of a problem it is. The other
// digits tell cases apart that mean the same here.
var (
	refusesAccount = regexp.MustCompile(`^4031\d{4}$`)
	refusesFields  = regexp.MustCompile(`^(4001|4221)\d{4}$`)
	findsNothing   = regexp.MustCompile(`^4041\d{4}$`)
)

// quantity is a filled quantity as it is written.
var quantity = regexp.MustCompile(`^[0-9]{1,18}(\.[0-9]{1,18})?$`)

// submitted says what a reply to POST /v2/orders means for the order id.
func submitted(id string, reply wire.Reply) wire.Meaning {
	switch reply.Status {
	case http.StatusOK:
		return standing(id, reply.Body)
	case http.StatusForbidden:
		return refused(reply, refusesAccount)
	case http.StatusUnprocessableEntity:
		return refused(reply, refusesFields)
	default:
		return wire.Unclear("status %d says nothing about the order", reply.Status)
	}
}

// refused reads a refusal of the order on its merits.
func refused(reply wire.Reply, judges *regexp.Regexp) wire.Meaning {
	var p problem
	if err := wire.Decode(reply.Body, &p); err != nil {
		return wire.Unclear("status %d: read refusal: %w", reply.Status, err)
	}
	said := wire.Said(p.Message)
	switch {
	case p.Message == "" || !judges.MatchString(p.Code.String()):
		return wire.Unclear("status %d with code %q (%s) does not refuse the order",
			reply.Status, p.Code, said)
	case aboutID.MatchString(p.Message):
		return wire.Unclear("an order with this id may exist: %s", said)
	default:
		return wire.Meaning{Answer: order.Rejected, Note: said}
	}
}

// lookedUp says what a reply to GET /v2/orders:by_client_order_id means.
func lookedUp(id string, reply wire.Reply) wire.Meaning {
	switch reply.Status {
	case http.StatusOK:
		return standing(id, reply.Body)
	case http.StatusNotFound:
		var p problem
		if err := wire.Decode(reply.Body, &p); err != nil || !findsNothing.MatchString(p.Code.String()) {
			return wire.Unclear("status 404, but not for want of the order")
		}
		return wire.Meaning{Answer: order.Absent}
	default:
		return wire.Unclear("look-up answered with status %d", reply.Status)
	}
}

// standing reads an order object.
func standing(id string, body []byte) wire.Meaning {
	var d document
	if err := wire.Decode(body, &d); err != nil {
		return wire.Unclear("read order: %w", err)
	}
	if d.ClientOrderID != id {
		return wire.Unclear("answer is about order %q", d.ClientOrderID)
	}
	if d.ID == "" {
		return wire.Unclear("order without an id of the broker's")
	}
	said := d.meaning()
	said.OrderID = d.ID
	return said
}

// meaning translates an order's status.
func (d *document) meaning() wire.Meaning {
	switch d.Status {
	case "new", "accepted", "pending_new", "accepted_for_bidding", "partially_filled", "done_for_day",
		"stopped", "suspended", "calculated", "held", "pending_cancel", "pending_replace":
		return wire.Meaning{Answer: order.Accepted}
	case "filled":
		return wire.Meaning{Answer: order.Filled}
	case "rejected":
		return d.ended(order.Rejected)
	case "canceled", "expired":
		return d.ended(order.Cancelled)
	case "replaced":
		return wire.Unclear("order %q was replaced by another, which tells how it stands", d.ID)
	default:
		return wire.Unclear("order %q has unknown status %q", d.ID, d.Status)
	}
}

// ended is an order that will not be executed any further: unfilled is what the
// answer presupposes.
func (d *document) ended(unfilled order.Answer) wire.Meaning {
	if !quantity.MatchString(d.FilledQty) {
		return wire.Unclear("order %q is %s, and its filled quantity is %q", d.ID, d.Status,
			wire.Said(d.FilledQty))
	}
	if strings.Trim(d.FilledQty, "0.") != "" {
		return wire.Meaning{
			Answer: order.Filled,
			Note:   "only " + d.FilledQty + " were executed; the rest is " + d.Status,
		}
	}
	return wire.Meaning{Answer: unfilled, Note: d.Status}
}
