package wire

import "encoding/json"

// MaxBody is the most bytes of an answer that are read. A longer one is
// unreadable, hence ambiguous.
const MaxBody = 64 << 10

// MaxBook is MaxBody for an answer that lists orders.
const MaxBook = 4 << 20

// Order is the body of POST /orders. Numbers are kept in the sender's decimal
// notation, so that no price is rounded on the way.
type Order struct {
	// ClientOrderID is ours: the same on every instance for one attempt.
	ClientOrderID string `json:"client_order_id"`
	Instrument    string `json:"instrument"`
	// Action is the signal's type: BASE_ENTRY, PYRAMID or EXIT.
	Action string `json:"action"`
	// Position names the position that is opened, enlarged or closed.
	Position string      `json:"position"`
	Lots     json.Number `json:"lots,omitempty"`
	Price    json.Number `json:"price,omitempty"`
	Stop     json.Number `json:"stop,omitempty"`
	// Timestamp is when the order passed the gate, in milliseconds since 1970 by
	// the sender's wall clock; zero if the broker does not look at it.
	Timestamp int64 `json:"timestamp,omitempty"`
	// RecvWindow is for how many milliseconds after Timestamp the broker may
	// accept the order.
	RecvWindow int64 `json:"recv_window,omitempty"`
}

// Status is an order's state at the broker.
type Status string

// The statuses of an order.
const (
	Accepted  Status = "accepted"
	Filled    Status = "filled"
	Rejected  Status = "rejected"
	Cancelled Status = "cancelled"
)

// Receipt is the broker's record of an order: the answer to POST /orders and an
// element of GET /orders.
type Receipt struct {
	OrderID       string `json:"order_id"`
	ClientOrderID string `json:"client_order_id"`
	Status        Status `json:"status"`
	Instrument    string `json:"instrument"`
	Action        string `json:"action"`
	Position      string `json:"position"`
	// Lots, Price and Stop are the order's own.
	Lots  json.Number `json:"lots,omitempty"`
	Price json.Number `json:"price,omitempty"`
	Stop  json.Number `json:"stop,omitempty"`
	// ReceivedAt is when the request's last byte arrived, and AcceptedAt when the
	// order entered the book, in RFC 3339 by the broker's clock.
	ReceivedAt string `json:"received_at,omitempty"`
	AcceptedAt string `json:"accepted_at,omitempty"`
}

// Book is the answer to GET /orders.
type Book struct {
	Orders []Receipt `json:"orders"`
	// Truncated says that orders were left out: absence proves nothing. Of a book
	// that was asked for by pages it says that another one follows.
	Truncated bool `json:"truncated,omitempty"`
}

// Code says why a broker refused a request.
type Code string

// The codes that refuse an order on its merits: no order exists, and sending
// the same again would be refused again.
const (
	CodeInvalidOrder      Code = "invalid_order"
	CodeUnknownInstrument Code = "unknown_instrument"
	CodeInsufficientFunds Code = "insufficient_funds"
	CodeMarketClosed      Code = "market_closed"
	CodeRiskLimit         Code = "risk_limit"
)

// The codes that refuse a request without judging the order. What became of an
// earlier copy of the same order they do not tell.
const (
	// CodeDuplicate: an order with this client order id exists.
	CodeDuplicate Code = "duplicate_client_order_id"
	// CodeTooLate: the request's timestamp is older than its window.
	CodeTooLate Code = "request_too_late"
	// CodeFromTheFuture: the request's timestamp is ahead of the broker's clock.
	CodeFromTheFuture Code = "timestamp_ahead"
	// CodeBadSignature: the signature does not fit the body.
	CodeBadSignature Code = "bad_signature"
	// CodeRateLimited: too many requests.
	CodeRateLimited Code = "rate_limited"
	// CodeNoLookup: this broker cannot be asked for one order.
	CodeNoLookup Code = "lookup_unsupported"
)

// judgesOrder reports whether the code refuses the order itself.
func (c Code) judgesOrder() bool {
	switch c {
	case CodeInvalidOrder, CodeUnknownInstrument, CodeInsufficientFunds, CodeMarketClosed, CodeRiskLimit:
		return true
	case CodeDuplicate, CodeTooLate, CodeFromTheFuture, CodeBadSignature, CodeRateLimited, CodeNoLookup:
		return false
	default:
		return false
	}
}

// Refusal is the body of a 4xx answer.
type Refusal struct {
	// Status is always Rejected; it tells a refusal from a receipt.
	Status        Status `json:"status"`
	Code          Code   `json:"code"`
	Message       string `json:"message"`
	ClientOrderID string `json:"client_order_id"`
	// Order is the order that exists already, with CodeDuplicate.
	Order *Receipt `json:"order,omitempty"`
}
