package scenarios

import (
	"slices"
	"strings"
)

// Mutant is one deliberate mistake that the harness must catch.
type Mutant struct {
	Name    string
	Mistake string
	// Added: the project's own, beside those that the format has always had.
	Added bool
}

// Mutants lists the mistakes in their fixed order. A copy of the program with
// one of them is built by `drill mutants`.
func Mutants() []Mutant {
	return append([]Mutant(nil), mutants...)
}

// mutants are those that the format has always had, then the project's own:
// mistakes that no test of a single clause notices, so that it takes a run to
// see them.
var mutants = []Mutant{
	{"permit-without-epoch", "A permit checks that this node believes, not that its epoch is the " +
		"current one.", false},
	{"epoch-check-not-atomic", "The epoch is read and the intent written in two transactions.", false},
	{"epoch-in-redis", "The epoch is minted by a counter in Redis, which may lose it.", false},
	{"epoch-reused", "A takeover whose reply was lost uses the same number again.", false},
	{"belief-by-flag", "Leadership is a boolean; the trust deadline is ignored.", false},
	{"trust-from-reply", "Trust counts from the reply instead of the start of the attempt.", false},
	{"trust-by-wall-clock", "Trust is judged by the wall clock, which may jump.", false},
	{"no-gate-before-wire", "Nothing is checked between the permit and the call to the broker.", false},
	{"flag-before-release", "Stepping down clears the flag first, so that the release " +
		"returns early.", false},
	{"release-before-drain", "The lease is released while sends are in flight.", false},
	{"release-without-owner", "Releasing deletes the key, whoever owns it.", false},
	{"renew-without-owner", "Renewing extends the key, whoever owns it.", false},
	{"renew-waits-for-database", "The database write stands before the renewal, which comes " +
		"too late.", false},
	{"keeps-leading-without-heartbeat", "A leader that cannot reach PostgreSQL goes on.", false},
	{"keeps-lease-without-epoch", "A candidate that cannot take the epoch keeps the lease.", false},
	{"client-clock-heartbeat", "The age of a heartbeat is computed from the writer's clock.", false},
	{"demotes-by-name", "Split brain is judged by names instead of epochs, and the lawful " +
		"leader yields.", false},
	{"never-evicts-stale", "A stale leader that still renews its lease is left alone.", false},
	{"evicts-without-compare", "Eviction deletes whatever value the lease has by now.", false},
	{"fails-open", "Without Redis every node executes.", false},
	{"blind-retry", "A permit or a send with an unknown outcome is simply repeated.", false},
	{"resend-without-lookup", "A new leader sends its predecessor's open orders again to a broker " +
		"without idempotency.", false},
	{"timeout-means-rejected", "An ambiguous answer is recorded as a rejection.", false},
	{"absent-means-void", "The \"not found\" of a class C broker is taken as proof.", false},
	{"drops-late-outcome", "The broker's answer to a deposed leader is thrown away.", false},
	{"duplicate-key-before-check", "The duplicate key is kept although the signal was refused.", false},
	{"acknowledges-before-commit", "A signal is acknowledged before it is durable.", false},
	{"loses-predecessors-signals", "A new leader handles only signals that came in its own tenure.", false},
	{"history-outside-transaction", "The history of leadership is written after the change, in a " +
		"transaction of its own.", false},
	{"history-left-open", "A successor does not close the row of a predecessor that crashed.", false},
	{"ignores-regression", "PostgreSQL going back in time goes unnoticed.", false},
	{"ignores-halt", "The control mode is read once, at start.", false},
	{"repeatable-read-fence", "The permit's transaction runs under REPEATABLE READ and keeps an old " +
		"snapshot.", false},
	{"token-per-process", "The lease's token is the same for every acquisition of a process.", false},
	{"evicts-candidate", "Eviction takes a token that is not the stale tenure's.", false},
	{"permit-on-closed-tenure", "A permit does not look whether the tenure is open.", false},
	{"send-by-wall-clock", "The gate's limit is judged by the wall clock.", false},
	{"void-before-send-by", "Recovery voids an attempt that its sender may still send.", false},
	{"denial-by-anyone", "Whoever once had the permit may say that nothing was sent, after another was " +
		"given it.", true},
	{"heartbeat-by-process", "A heartbeat is matched by the process instead of by epoch and token.", true},
	{"close-whoever-leads", "Closing a tenure closes the open one, whoever has it.", true},
	{"pg-epoch-after-promotion", "After the promotion of a standby an epoch of kind pg may be taken at " +
		"once.", true},
	{"pg-epoch-after-restart", "After a restart of the database an epoch of kind pg may be taken at " +
		"once.", true},
	{"pg-lease-in-memory", "The heartbeat that renews a lease in the ledger commits in memory.", true},
	{"read-back-renews-nothing", "A takeover that is repeated after a lost answer counts as no " +
		"heartbeat.", true},
	{"acquire-keeps-expiry", "An acquisition that finds its own token leaves the key's expiry as it " +
		"is.", true},
	{"release-by-process", "Releasing compares the process and not the acquisition.", true},
	{"renew-creates", "Renewing creates the key if it is absent.", true},
	{"fence-without-lock", "The fenced write does not hold the group's lock.", true},
	{"lock-and-read-at-once", "The lock is taken in the statement that reads the epoch.", true},
	{"sequence-cached", "The sequence that orders permits and takeovers hands out blocks of " +
		"numbers.", true},
	{"pg-trust-from-reply", "In a tenure of kind pg, trust counts from the answer to the heartbeat.", true},
	{"age-counts-the-asking", "The time that a look-up took counts towards the " +
		"bound of late arrivals.", true},
	{"retry-drops-alert", "An outcome that is recorded again leaves out that a person is to be " +
		"told.", true},
	{"ignores-open-sibling", "A permit does not look whether another signal of its instrument " +
		"is open.", true},
	{"entry-before-exit", "Of the signals of an instrument that wait the oldest goes first, whatever " +
		"it is.", true},
	{"waiting-flight-forgotten", "A signal whose outcome is still to be recorded counts as nobody's.", true},
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

// CatchOf returns the entry that names what a program was built with, such as
// `a+b`. It reports false if a file cannot name it: a mutant that is being tried
// does not stand in the format's table yet.
func CatchOf(built string) (Catch, bool) {
	known, catch := mutantNames(), Catch(strings.Split(built, "+"))
	for _, name := range catch {
		if !slices.Contains(known, name) {
			return nil, false
		}
	}
	return catch, true
}
