// Package tracing tells a collector the way of each signal: when it was taken in,
// permitted and sent, and how it ended, as spans of one trace.
//
// Instances that never speak to each other write into the same trace, and the
// ledger keeps nothing for it: the trace's id, and that of its first span, are
// computed from the group and the signal's number. Spans are for people who look
// at one slow signal. They decide nothing, and nothing waits for them: a queue that
// is full drops them, and so does a collector that does not answer.
//
// A span names the group, the instance, the signal's number, its attempt and epoch,
// and what came of it. It holds nothing that a sender wrote, and no secret.
package tracing
