package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"fencepost/core/order"
)

// Reply is what came back over the wire.
type Reply struct {
	// Status is the HTTP status; zero if no complete answer arrived.
	Status int
	Body   []byte
}

// Meaning is what a reply says of one order.
type Meaning struct {
	Answer order.Answer
	// OrderID is the broker's own name for the order, if it told one.
	OrderID string
	// Err explains an unknown answer. It is for people and decides nothing.
	Err error
}

// unclear is a reply that says nothing certain.
func unclear(format string, args ...any) Meaning { return Meaning{Err: fmt.Errorf(format, args...)} }

// Submitted says what a reply to POST /orders means for the order id.
func Submitted(promise order.Capability, id string, reply Reply) Meaning {
	switch {
	case reply.Status == http.StatusOK || reply.Status == http.StatusCreated:
		return accepted(promise, id, reply.Body)
	case reply.Status >= 400 && reply.Status < 500:
		return refused(promise, id, reply)
	default:
		return unclear("status %d says nothing about the order", reply.Status)
	}
}

func accepted(promise order.Capability, id string, body []byte) Meaning {
	var receipt Receipt
	if err := decode(body, &receipt); err != nil {
		return unclear("read receipt: %w", err)
	}
	if receipt.ClientOrderID != id {
		return unclear("receipt is for order %q", receipt.ClientOrderID)
	}
	if receipt.OrderID == "" {
		// A refusal that a gateway dressed as a success would read like a receipt.
		return unclear("receipt without an order id of the broker's")
	}
	return receipt.answer(promise)
}

func refused(promise order.Capability, id string, reply Reply) Meaning {
	var refusal Refusal
	if err := decode(reply.Body, &refusal); err != nil {
		return unclear("status %d: read refusal: %w", reply.Status, err)
	}
	switch {
	case refusal.ClientOrderID != id:
		return unclear("refusal is for order %q", refusal.ClientOrderID)
	case refusal.Status != Rejected:
		// An order was seen in the book after such an answer: the code lies.
		return unclear("status %d, but the body says %q", reply.Status, refusal.Status)
	case refusal.Code == CodeDuplicate:
		return duplicate(promise, id, refusal.Order)
	case !refusal.Code.judgesOrder():
		return unclear("code %q refuses the request, not the order", refusal.Code)
	case !promise.DefinitiveReject:
		return unclear("this broker's refusals (%s) are not definitive", refusal.Code)
	default:
		return Meaning{Answer: order.Rejected}
	}
}

// duplicate: the order exists, and only its receipt tells how it stands.
func duplicate(promise order.Capability, id string, existing *Receipt) Meaning {
	if existing == nil || existing.ClientOrderID != id {
		return unclear("the order exists already; how it stands is not said")
	}
	return existing.answer(promise)
}

// LookedUp says what a reply to GET /orders?client_order_id=ID means.
func LookedUp(promise order.Capability, id string, reply Reply) Meaning {
	if promise.Lookup == order.LookupNone {
		return unclear("this broker cannot be asked")
	}
	if reply.Status != http.StatusOK {
		return unclear("look-up answered with status %d", reply.Status)
	}
	var book struct {
		Orders    *[]Receipt `json:"orders"`
		Truncated bool       `json:"truncated"`
	}
	if err := decode(reply.Body, &book); err != nil {
		return unclear("read book: %w", err)
	}
	if book.Orders == nil {
		return unclear("read book: it has no orders field")
	}
	return pick(promise, id, *book.Orders, book.Truncated)
}

// pick chooses among the receipts of one id. A broker that does not keep ids
// apart may hold several; the one that moved most money speaks for all.
func pick(promise order.Capability, id string, receipts []Receipt, truncated bool) Meaning {
	var best Meaning
	found := false
	for i := range receipts {
		if receipts[i].ClientOrderID != id {
			continue
		}
		said := receipts[i].answer(promise)
		if said.Err != nil {
			return said
		}
		if !found || weight(said.Answer) > weight(best.Answer) {
			best, found = said, true
		}
	}
	switch {
	case found:
		return best
	case truncated:
		return unclear("the book was cut off: absence proves nothing")
	default:
		return Meaning{Answer: order.Absent}
	}
}

func weight(a order.Answer) int {
	switch a {
	case order.Filled:
		return 4
	case order.Accepted:
		return 3
	case order.Cancelled:
		return 2
	case order.Rejected:
		return 1
	case order.Unknown, order.Absent:
		return 0
	default:
		return 0
	}
}

// answer translates a receipt's status.
func (r *Receipt) answer(promise order.Capability) Meaning {
	said := Meaning{OrderID: r.OrderID}
	switch r.Status {
	case Accepted:
		said.Answer = order.Accepted
	case Filled:
		said.Answer = order.Filled
	case Cancelled:
		said.Answer = order.Cancelled
	case Rejected:
		if !promise.DefinitiveReject {
			return unclear("this broker's refusals are not definitive")
		}
		said.Answer = order.Rejected
	default:
		return unclear("order %q has unknown status %q", r.ClientOrderID, r.Status)
	}
	return said
}

// decode reads exactly one JSON document. Unknown fields are the broker's own
// business; a second document means that the answer is not what it seems.
func decode(body []byte, into any) error {
	if len(body) > MaxBody {
		return fmt.Errorf("answer longer than %d bytes", MaxBody)
	}
	reader := json.NewDecoder(bytes.NewReader(body))
	if err := reader.Decode(into); err != nil {
		return err
	}
	if _, err := reader.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	return nil
}
