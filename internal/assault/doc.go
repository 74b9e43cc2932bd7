// Package assault sends malformed webhooks of all kinds to real instances, and
// tells what became of each.
//
// It decides what is sent and what is owed. What is sent is drawn from families by
// a seed: each family is a grammar of one kind of mistake or malice, from a
// truncated body to a request that two readers of HTTP would cut in two. Shot n of
// a seed is the same bytes on every machine, up to addresses and secrets. What is
// owed is the same for all: an answer within the bound, never a 5xx, a 4xx that
// names the field where there is one, no row in the ledger, one line in the log
// and nothing in it that a terminal would obey or a thief could use; and that a
// genuine source that sends meanwhile never notices.
//
// The families speak to a socket and not through a client, because a client
// refuses to send most of this. Two of them are not malformed: a text that looks
// like SQL is a text, and must come out of the ledger as it went in or be refused
// by its field; and a signal that was stored before is a duplicate however often it
// comes.
package assault
