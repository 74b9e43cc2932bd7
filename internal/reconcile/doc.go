// Package reconcile compares the broker's book with the ledger. It is pure: a list
// of orders and a list of attempts go in, findings come out, and nothing is sent,
// cancelled, recorded or decided here (PROTOCOL 5.5).
//
// The order of the readings is what makes an absence mean something. An intent is in
// the ledger before its order can leave, so the book is read first and the ledger
// after it: an order that the ledger does not know then was not sent under any permit
// of this ledger. The other way round, what the ledger calls executed can be missed
// at the broker only if it was recorded well before the book was read, which an
// attempt says by being settled.
package reconcile
