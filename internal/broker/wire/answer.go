package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"unicode"

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
	// Note is what a person should know of a clear answer. It decides nothing.
	Note string
	// Err explains an unknown answer. It is for people and decides nothing.
	Err error
}

// Unclear is a reply that says nothing certain, for the reason that is given.
func Unclear(format string, args ...any) Meaning { return Meaning{Err: fmt.Errorf(format, args...)} }

// Submitted says what a reply to POST /orders means for the order id.
func Submitted(promise order.Capability, id string, reply Reply) Meaning {
	switch {
	case reply.Status == http.StatusOK || reply.Status == http.StatusCreated:
		return accepted(promise, id, reply.Body)
	case reply.Status >= 400 && reply.Status < 500:
		return refused(promise, id, reply)
	default:
		return Unclear("status %d says nothing about the order", reply.Status)
	}
}

func accepted(promise order.Capability, id string, body []byte) Meaning {
	var receipt Receipt
	if err := Decode(body, &receipt); err != nil {
		return Unclear("read receipt: %w", err)
	}
	if receipt.ClientOrderID != id {
		return Unclear("receipt is for order %q", receipt.ClientOrderID)
	}
	if receipt.OrderID == "" {
		// A refusal that a gateway dressed as a success would read like a receipt.
		return Unclear("receipt without an order id of the broker's")
	}
	return receipt.answer(promise)
}

func refused(promise order.Capability, id string, reply Reply) Meaning {
	var refusal Refusal
	if err := Decode(reply.Body, &refusal); err != nil {
		return Unclear("status %d: read refusal: %w", reply.Status, err)
	}
	switch {
	case refusal.ClientOrderID != id:
		return Unclear("refusal is for order %q", refusal.ClientOrderID)
	case refusal.Status != Rejected:
		// An order was seen in the book after such an answer: the code lies.
		return Unclear("status %d, but the body says %q", reply.Status, refusal.Status)
	case refusal.Code == CodeDuplicate:
		return duplicate(promise, id, refusal.Order)
	case !refusal.Code.judgesOrder():
		return Unclear("code %q refuses the request, not the order", refusal.Code)
	case !promise.DefinitiveReject:
		return Unclear("this broker's refusals (%s) are not definitive", refusal.Code)
	default:
		return Meaning{Answer: order.Rejected, Note: Said(string(refusal.Code) + ": " + refusal.Message)}
	}
}

// Said makes of what a broker said what a person reads of it: one line of plain
// text, of about 500 bytes at most.
func Said(text string) string {
	const most = 500
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// duplicate: the order exists, and only its receipt tells how it stands.
func duplicate(promise order.Capability, id string, existing *Receipt) Meaning {
	if existing == nil || existing.ClientOrderID != id {
		return Unclear("the order exists already; how it stands is not said")
	}
	return existing.answer(promise)
}

// LookedUp says what a reply to GET /orders?client_order_id=ID means.
func LookedUp(promise order.Capability, id string, reply Reply) Meaning {
	if promise.Lookup == order.LookupNone {
		return Unclear("this broker cannot be asked")
	}
	receipts, truncated, err := readBook(reply)
	if err != nil {
		return Unclear("%w", err)
	}
	return pick(promise, id, receipts, truncated)
}

// Listed returns the orders of a reply to GET /orders. A book that is not whole
// is an error.
func Listed(reply Reply) ([]Receipt, error) {
	receipts, truncated, err := readBook(reply)
	if err == nil && truncated {
		err = errors.New("the book was cut off")
	}
	return receipts, err
}

// Page returns the orders of one page of the book, and whether there are more.
func Page(reply Reply) (receipts []Receipt, more bool, err error) { return readBook(reply) }

func readBook(reply Reply) (receipts []Receipt, truncated bool, err error) {
	if reply.Status != http.StatusOK {
		return nil, false, fmt.Errorf("look-up answered with status %d", reply.Status)
	}
	var book struct {
		Orders    *[]Receipt `json:"orders"`
		Truncated bool       `json:"truncated"`
	}
	if err := DecodeUpTo(MaxBook, reply.Body, &book); err != nil {
		return nil, false, fmt.Errorf("read book: %w", err)
	}
	if book.Orders == nil {
		return nil, false, errors.New("read book: it has no orders field")
	}
	return *book.Orders, book.Truncated, nil
}

// pick chooses among the receipts of one id. Who asked for one order and was told
// of others has no answer: the question was not understood. Nor is a receipt
// without an id proof of anything, for it may be that of our order.
func pick(promise order.Capability, id string, receipts []Receipt, truncated bool) Meaning {
	var found []Meaning
	nameless := false
	for i := range receipts {
		nameless = nameless || receipts[i].ClientOrderID == ""
		if receipts[i].ClientOrderID == id {
			found = append(found, receipts[i].answer(promise))
		}
	}
	switch {
	case len(found) > 0:
		return Heaviest(found)
	case nameless:
		return Unclear("the book holds an order without a client order id: absence proves nothing")
	case promise.Lookup == order.LookupExact && len(receipts) > 0:
		return Unclear("asked for one order, the broker told of others: absence proves nothing")
	case truncated:
		return Unclear("the book was cut off: absence proves nothing")
	default:
		return Meaning{Answer: order.Absent}
	}
}

// Heaviest returns what several orders of one id mean together. A broker that
// does not keep ids apart may hold several; the one that moved most money speaks
// for all, unless one of them is unclear.
func Heaviest(said []Meaning) Meaning {
	best := said[0]
	for _, one := range said {
		if one.Err != nil {
			return one
		}
		if weight(one.Answer) > weight(best.Answer) {
			best = one
		}
	}
	return best
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

// Stands returns how the order stands; Unknown if the status does not tell.
func (r *Receipt) Stands(promise order.Capability) order.Answer { return r.answer(promise).Answer }

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
			return Unclear("this broker's refusals are not definitive")
		}
		said.Answer = order.Rejected
	default:
		return Unclear("order %q has unknown status %q", r.ClientOrderID, r.Status)
	}
	return said
}

// Decode reads exactly one JSON document of at most MaxBody bytes, with numbers
// as they are written. Unknown fields are the broker's own business; a second
// document means that the answer is not what it seems.
func Decode(body []byte, into any) error { return DecodeUpTo(MaxBody, body, into) }

// DecodeUpTo is Decode with another limit.
func DecodeUpTo(most int, body []byte, into any) error {
	if len(body) > most {
		return fmt.Errorf("answer longer than %d bytes", most)
	}
	reader := json.NewDecoder(bytes.NewReader(body))
	reader.UseNumber()
	if err := reader.Decode(into); err != nil {
		return err
	}
	if _, err := reader.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one document")
	}
	return nil
}
