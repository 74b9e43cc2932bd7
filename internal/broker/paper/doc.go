// Package paper is a broker on paper: it keeps a book of orders and moves no
// money.
//
// It plays the four classes of PROTOCOL 5.3 over HTTP, and it plays them badly
// on demand: replies that are lost after the order was placed, orders that
// arrive long after their sender gave up, codes that lie. What it promises and
// what it does wrong are kept apart: the class decides how ids, look-ups and
// late requests are treated, a Behaviour what happens to requests and replies
// on the way.
//
//	class  same client order id again         look-up by id   late requests
//	A      refused, for ever                  exact           placed
//	B      refused while the first is open    exact           refused by their signed timestamp
//	C      placed again                       the day's book  placed
//	D      placed again                       none            placed
//
// GET /orders without an id lists the whole book in every class: that is the
// auditor's view, which no service may use in place of a look-up.
package paper
