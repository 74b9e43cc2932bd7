// Package conformance holds the models of the simulator and what they stand
// for together. It has one suite for the lease, one for the ledger and one for
// the broker, and all are passed by both sides: what was tried a million times
// against a model holds for the real server only as far as the two say the same.
//
// The suites are made of three kinds of tests. Clauses are claims with their
// answers written out, and run against each store on its own. The table puts
// every outcome, from every recorder, to every situation that a signal can be
// in, and compares. The machines ask both sides the same random questions,
// right ones and nonsense, step by step, and compare the answers and what is
// held.
//
// # What befalls a server
//
// The machines also let happen what the simulator lets happen to its models, on
// both sides at once. Between the processes and a real server lies a link, which
// cuts the answer to an operation that was carried out, or drops the request.
// The process learns nothing either way; the model carries the operation out and
// nobody hears its answer, or does not.
//
//   - Redis restarts, in order or killed, with its data and without, while time
//     passes and keys lapse. The imitation that stands in for Redis is held to
//     all of it.
//   - A replicated Redis loses its last writes, in a restart or a failover. That
//     is the harness's own making, and is compared with what the simulator makes
//     of the same words of a scenario.
//   - PostgreSQL is killed whole, or loses one backend and with it its memory, or
//     restarts in order, or ends every session.
//   - The paper broker, behind the service's adapter, is late, slow, silent, down,
//     and lies; the senders' clocks run ahead and behind. All four classes are
//     played, and at the end both books hold the same orders.
//
// What the harness reads from the audit of a real ledger is held against what
// the model tells of itself, record by record: the checkers are fed with the one
// in a run on real processes and with the other in a simulated one.
//
// # Time
//
// No test waits for a lease of ten seconds. The ledger under test lives in a
// schema in which clock_timestamp(), pg_postmaster_start_time() and
// pg_stat_bgwriter are the test's own; PostgreSQL looks there before it looks
// into its catalogue. So the production's statements run as they are, on a clock
// that stands still until it is told, and every age and every limit is compared
// to the microsecond. A server that is killed tells by its own signs what
// happened to it, and those are carried over to the schema's clock. Redis has no
// such door: there the key's remaining time is shortened, by steps that never end
// near an expiry. The paper broker is given a clock. A few tests of each store do
// wait, for real and short times, to see that the clocks are what the rest takes
// them for.
//
// What a crash may lose is a part of what the ledger's model says: heartbeats
// that were committed in memory, and nothing else. In the schema of the tests no
// other change can be. Which of them a real crash loses is the server's affair:
// the model is told which heartbeat was left, and can follow only if it is one
// that the model might have left; one that lies before a durable commit must
// never be lost.
//
// # More of it
//
// The machines make -rapid.checks walks of -rapid.steps steps, those that start
// and end servers one for several; a night can be given more of both:
//
//	go test ./internal/conformance -run Machine -rapid.checks 20000 -rapid.steps 200 -timeout 10h
//
// A failure prints all that was asked, and the seed with which the same walk is
// made again.
package conformance
