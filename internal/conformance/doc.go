// Package conformance holds the models of the simulator and the adapters of
// the service together. It has one suite for the lease and one for the ledger,
// and both are passed by both: what was tried a million times against a model
// holds for the real server only as far as the two say the same.
//
// The suites are made of three kinds of tests. Clauses are claims with their
// answers written out, and run against each store on its own. The table puts
// every outcome, from every recorder, to every situation that a signal can be
// in, and compares. The machines ask both stores the same random questions,
// right ones and nonsense, step by step, and compare the answers and the rows.
//
// # Time
//
// No test waits for a lease of ten seconds. The ledger under test lives in a
// schema in which clock_timestamp() and pg_postmaster_start_time() are the
// test's own; PostgreSQL looks there before it looks into its catalogue. So
// the production's statements run as they are, on a clock that stands still
// until it is told, and every age and every limit is compared to the
// microsecond. Redis has no such door: there the key's remaining time is
// shortened, by steps that never end near an expiry. A few tests of each store
// do wait, for real and short times, to see that the clocks are what the rest
// takes them for.
//
// What a crash may lose is a part of what the ledger's model says: heartbeats
// of a tenure that has its lease in Redis, and nothing else. In the schema of
// the tests no other change can be committed in memory.
//
// # More of it
//
// The machines make -rapid.checks walks of -rapid.steps steps; a night can be
// given more of both:
//
//	go test ./internal/conformance -run Machine -rapid.checks 20000 -rapid.steps 200
package conformance
