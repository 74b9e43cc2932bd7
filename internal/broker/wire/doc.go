// Package wire is the broker protocol's language: the JSON documents that go
// between the service and a broker, and what an answer means.
//
// The meaning is a pure function of the broker's capability, the order's id and
// what came back. It errs on one side only. An answer means "rejected" when the
// broker itself refused this very order on its merits, in its own words, with a
// code that says so; time-outs, disconnects, 5xx, 3xx, unreadable bodies, codes
// that do not fit their body and answers about another order are ambiguous and
// mean "unknown" (PROTOCOL 5.3). Mistaking a refusal for silence costs a
// look-up; mistaking silence for a refusal costs a doubled position.
//
// The package depends on nothing that talks to a network, so that its parsers
// can be fuzzed quickly.
package wire
