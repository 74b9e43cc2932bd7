// Package templated is the adapter for a broker whose language is written down
// in the configuration: how an order and a question are written, as templates,
// and where in an answer to look for which words.
//
// New judges all of it. Each template is run on sample orders, one of which has
// fields that try to break out of their place: a body that such a field can
// change the shape of is refused, with the name of its setting. What the samples
// cannot show is checked for each order again, before the wire: an order whose
// request would not be sound is refused, and not one byte of it leaves.
//
// Reading errs on one side. A word that is in no list, an answer under a code
// that is in none, an answer about another order and a document without what
// it should have are unknown; a refusal counts only where a refusal was said to
// stand. Absence counts only by the broker's own word for it, or by a list that
// was asked for this one order.
//
// What can be promised follows from what the templates carry: no look-up
// without a template for it, no remembered ids without a client order id in the
// order, no bound on late arrivals without an instant in it (PROTOCOL 5.3.1).
package templated
