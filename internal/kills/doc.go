// Package kills ends instances of a real cluster by kill -9, at random moments
// and at named points of what they do, again and again, while senders send; and
// audits the ledger and the broker's book afterwards.
//
// It decides whom a kill strikes and when, by the seed, and what an audit has to
// find: every signal that a sender was told is stored stands in the ledger and came
// to an end, none has two orders at the broker, and the history of leadership has
// no gap. A sender does what real ones do: it sends a signal again, under the same
// id, to another instance, until somebody says that it is stored.
//
// Kills are played in batches, each on a cluster of its own, so that an audit reads
// a history of some minutes and not of a night. With a directory each batch that
// was played to its end leaves a file, and a command that is given the directory
// again plays only what is missing; a batch that was interrupted leaves nothing and
// is played anew. Seeds draw the victims, the waits and the points, not the
// schedule of real processes: the same seed is the same attack, not the same run.
package kills
