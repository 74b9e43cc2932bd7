// Package standin is a server that answers as Alpaca's documentation says: it is
// what the adapter is tested against, and what a service is tried against on a
// machine without an account.
//
// It knows POST /v2/orders, GET /v2/orders, and GET
// /v2/orders:by_client_order_id, the keys in their headers, client order ids
// that are unique for ever, and an account of so much buying power, in which
// each unit costs one. It moves no money.
package standin
