// Package broker sends orders and asks after them.
//
// An Adapter carries out exactly two effects of the core, SubmitOrder and
// LookUpOrder, and answers each with one core.Answer. Its contract:
//
//   - An order is written at most once per call. Nothing beneath it retries:
//     each order has a connection of its own that carries one request, and no
//     redirect is followed.
//   - Opening the connection is not sending. The instant up to which the order
//     may leave is checked again right before its first byte; once it has
//     passed, no byte leaves and the result says Withheld, which is proof that
//     no order was sent.
//   - Whatever is not a readable answer of the broker itself is AnswerUnknown
//     (PROTOCOL 5.3).
//   - An order that the broker cannot be sent at all is refused before the wire,
//     not withheld: withheld orders are tried again.
//   - An adapter states its Promise, against which the configured class is held
//     when an instance is made.
//
// Line is the part of this that adapters over HTTP share. HTTP is the adapter for
// the protocol of package wire, which the paper broker in package paper answers;
// packages alpaca and templated are others. Whoever writes one more builds on
// Line and passes the suite in package brokertest.
package broker
