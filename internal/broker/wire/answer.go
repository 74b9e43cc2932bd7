package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"fencepost/core"
)

// Reply is what came back over the wire.
type Reply struct {
	// Status is the HTTP status; zero if no complete answer arrived.
	Status int
	Body   []byte
}

// Submitted says what a reply to POST /orders means for the order id. The
// error explains an ambiguous answer; it is for people and decides nothing.
func Submitted(promise core.Capability, id string, reply Reply) (core.Answer, error) {
	switch {
	case reply.Status == http.StatusOK || reply.Status == http.StatusCreated:
		return accepted(promise, id, reply.Body)
	case reply.Status >= 400 && reply.Status < 500:
		return refused(promise, id, reply)
	default:
		return core.AnswerUnknown, fmt.Errorf("status %d says nothing about the order", reply.Status)
	}
}

func accepted(promise core.Capability, id string, body []byte) (core.Answer, error) {
	var receipt Receipt
	if err := decode(body, &receipt); err != nil {
		return core.AnswerUnknown, fmt.Errorf("read receipt: %w", err)
	}
	if receipt.ClientOrderID != id {
		return core.AnswerUnknown, fmt.Errorf("receipt is for order %q", receipt.ClientOrderID)
	}
	if receipt.OrderID == "" {
		// A refusal that a gateway dressed as a success would read like a receipt.
		return core.AnswerUnknown, errors.New("receipt without an order id of the broker's")
	}
	return receipt.answer(promise)
}

func refused(promise core.Capability, id string, reply Reply) (core.Answer, error) {
	var refusal Refusal
	if err := decode(reply.Body, &refusal); err != nil {
		return core.AnswerUnknown, fmt.Errorf("status %d: read refusal: %w", reply.Status, err)
	}
	switch {
	case refusal.ClientOrderID != id:
		return core.AnswerUnknown, fmt.Errorf("refusal is for order %q", refusal.ClientOrderID)
	case refusal.Status != Rejected:
		// An order was seen in the book after such an answer: the code lies.
		return core.AnswerUnknown, fmt.Errorf("status %d, but the body says %q", reply.Status, refusal.Status)
	case refusal.Code == CodeDuplicate:
		return duplicate(promise, id, refusal.Order)
	case !refusal.Code.judgesOrder():
		return core.AnswerUnknown, fmt.Errorf("code %q refuses the request, not the order", refusal.Code)
	case !promise.DefinitiveReject:
		return core.AnswerUnknown, fmt.Errorf("this broker's refusals (%s) are not definitive", refusal.Code)
	default:
		return core.AnswerRejected, nil
	}
}

// duplicate: the order exists, and only its receipt tells how it stands.
func duplicate(promise core.Capability, id string, existing *Receipt) (core.Answer, error) {
	if existing == nil || existing.ClientOrderID != id {
		return core.AnswerUnknown, errors.New("the order exists already; how it stands is not said")
	}
	return existing.answer(promise)
}

// LookedUp says what a reply to GET /orders?client_order_id=ID means.
func LookedUp(promise core.Capability, id string, reply Reply) (core.Answer, error) {
	if promise.Lookup == core.LookupNone {
		return core.AnswerUnknown, errors.New("this broker cannot be asked")
	}
	if reply.Status != http.StatusOK {
		return core.AnswerUnknown, fmt.Errorf("look-up answered with status %d", reply.Status)
	}
	var book struct {
		Orders    *[]Receipt `json:"orders"`
		Truncated bool       `json:"truncated"`
	}
	if err := decode(reply.Body, &book); err != nil {
		return core.AnswerUnknown, fmt.Errorf("read book: %w", err)
	}
	if book.Orders == nil {
		return core.AnswerUnknown, errors.New("read book: it has no orders field")
	}
	return pick(promise, id, *book.Orders, book.Truncated)
}

// pick chooses among the receipts of one id. A broker that does not keep ids
// apart may hold several; the one that moved most money speaks for all.
func pick(promise core.Capability, id string, receipts []Receipt, truncated bool) (core.Answer, error) {
	best, found := core.AnswerUnknown, false
	for i := range receipts {
		if receipts[i].ClientOrderID != id {
			continue
		}
		answer, err := receipts[i].answer(promise)
		if err != nil {
			return core.AnswerUnknown, err
		}
		if !found || weight(answer) > weight(best) {
			best, found = answer, true
		}
	}
	switch {
	case found:
		return best, nil
	case truncated:
		return core.AnswerUnknown, errors.New("the book was cut off: absence proves nothing")
	default:
		return core.AnswerAbsent, nil
	}
}

func weight(a core.Answer) int {
	switch a {
	case core.AnswerFilled:
		return 4
	case core.AnswerAccepted:
		return 3
	case core.AnswerCancelled:
		return 2
	case core.AnswerRejected:
		return 1
	case core.AnswerUnknown, core.AnswerAbsent:
		return 0
	default:
		return 0
	}
}

// answer translates a receipt's status.
func (r *Receipt) answer(promise core.Capability) (core.Answer, error) {
	switch r.Status {
	case Accepted:
		return core.AnswerAccepted, nil
	case Filled:
		return core.AnswerFilled, nil
	case Cancelled:
		return core.AnswerCancelled, nil
	case Rejected:
		if !promise.DefinitiveReject {
			return core.AnswerUnknown, errors.New("this broker's refusals are not definitive")
		}
		return core.AnswerRejected, nil
	default:
		return core.AnswerUnknown, fmt.Errorf("order %q has unknown status %q", r.ClientOrderID, r.Status)
	}
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
