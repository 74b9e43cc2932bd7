// Package alpaca is the adapter for Alpaca's Trading API, version 2.
//
// It is a broker of class A: client_order_id is unique for an account, for ever,
// and GET /v2/orders:by_client_order_id finds an order by it. The package does
// not retry, and what an answer means errs on one side, as package wire says.
//
// An order is sent as POST /v2/orders. What comes back means:
//
//	200 with an order that bears our id        its status
//	403 with code 4031xxxx                     rejected: buying power, shares, account rules
//	422 with code 4001xxxx or 4221xxxx         rejected: the order's fields
//	422 that speaks of the client order id     unknown: such an order exists, and is looked up
//	401, 403 or 422 of any other form          unknown: the keys, or a gateway
//	429, 5xx, 3xx, anything else               unknown
//
// A refusal does not name the order that it refuses. It is taken at its word
// because it came over a connection that carried this one request.
//
// A look-up means what the order's status says; 404 with code 4041xxxx is
// absence, which class A never takes for proof. An order that was cancelled or
// expired with a part of it executed is filled as far as the ledger is
// concerned, with a note; one that was replaced by another is unclear.
package alpaca
