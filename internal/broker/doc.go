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
//
// HTTP is the adapter for the protocol of package wire, which the paper broker
// in package paper answers. A broker with another protocol is one more type
// with these two methods.
package broker
