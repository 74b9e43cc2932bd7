package scenarios

import "strings"

// Mutant is one deliberate mistake that the harness must catch.
type Mutant struct {
	Name    string
	Mistake string
}

// Mutants lists the mistakes in their fixed order. A copy of the program with
// one of them is built by `drill mutants`.
func Mutants() []Mutant {
	return append([]Mutant(nil), mutants...)
}

var mutants = []Mutant{
	{"permit-without-epoch", "A permit checks that this node believes, not that its epoch is the " +
		"current one."},
	{"epoch-check-not-atomic", "The epoch is read and the intent written in two transactions."},
	{"epoch-in-redis", "The epoch is minted by a counter in Redis, which may lose it."},
	{"epoch-reused", "A takeover whose reply was lost uses the same number again."},
	{"belief-by-flag", "Leadership is a boolean; the trust deadline is ignored."},
	{"trust-from-reply", "Trust counts from the reply instead of the start of the attempt."},
	{"trust-by-wall-clock", "Trust is judged by the wall clock, which may jump."},
	{"no-gate-before-wire", "Nothing is checked between the permit and the call to the broker."},
	{"flag-before-release", "Stepping down clears the flag first, so that the release returns early."},
	{"release-before-drain", "The lease is released while sends are in flight."},
	{"release-without-owner", "Releasing deletes the key, whoever owns it."},
	{"renew-without-owner", "Renewing extends the key, whoever owns it."},
	{"renew-waits-for-database", "The database write stands before the renewal, which comes too late."},
	{"keeps-leading-without-heartbeat", "A leader that cannot reach PostgreSQL goes on."},
	{"keeps-lease-without-epoch", "A candidate that cannot take the epoch keeps the lease."},
	{"client-clock-heartbeat", "The age of a heartbeat is computed from the writer's clock."},
	{"demotes-by-name", "Split brain is judged by names instead of epochs, and the lawful leader yields."},
	{"never-evicts-stale", "A stale leader that still renews its lease is left alone."},
	{"evicts-without-compare", "Eviction deletes whatever value the lease has by now."},
	{"fails-open", "Without Redis every node executes."},
	{"blind-retry", "A permit or a send with an unknown outcome is simply repeated."},
	{"resend-without-lookup", "A new leader sends its predecessor's open orders again to a broker " +
		"without idempotency."},
	{"timeout-means-rejected", "An ambiguous answer is recorded as a rejection."},
	{"absent-means-void", "The \"not found\" of a class C broker is taken as proof."},
	{"drops-late-outcome", "The broker's answer to a deposed leader is thrown away."},
	{"duplicate-key-before-check", "The duplicate key is kept although the signal was refused."},
	{"acknowledges-before-commit", "A signal is acknowledged before it is durable."},
	{"loses-predecessors-signals", "A new leader handles only signals that came in its own tenure."},
	{"history-outside-transaction", "The history of leadership is written after the change, in a " +
		"transaction of its own."},
	{"history-left-open", "A successor does not close the row of a predecessor that crashed."},
	{"ignores-regression", "PostgreSQL going back in time goes unnoticed."},
	{"ignores-halt", "The control mode is read once, at start."},
	{"repeatable-read-fence", "The permit's transaction runs under REPEATABLE READ and keeps an old " +
		"snapshot."},
	{"token-per-process", "The lease's token is the same for every acquisition of a process."},
	{"evicts-candidate", "Eviction takes a token that is not the stale tenure's."},
	{"permit-on-closed-tenure", "A permit does not look whether the tenure is open."},
	{"send-by-wall-clock", "The gate's limit is judged by the wall clock."},
	{"void-before-send-by", "Recovery voids an attempt that its sender may still send."},
}

// mutantNames lists the names of all mutants.
func mutantNames() []string {
	names := make([]string, len(mutants))
	for i, m := range mutants {
		names[i] = m.Name
	}
	return names
}

// Catch is one entry of `catches`: the mutants that are built together, in most
// cases one.
type Catch []string

// String returns the entry as it stands in a file, such as `a+b`.
func (c Catch) String() string { return strings.Join(c, "+") }
