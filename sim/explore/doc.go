// Package explore searches a small world to its end: every order of events and
// every choice of faults of two or three nodes, up to two signals and at most so
// many faults, over the production core and the models of package model. Each
// state and each step is judged by the invariants of PROTOCOL 6 that a state or
// a step can break, under their fixed names. What the search says is either the
// shortest way to a broken invariant, fewest faults first, or that there is none.
//
// # The world
//
// Time goes in steps of a quarter of a ttl. Between two of them anything that can
// happen happens in every order: requests reach their stores and are answered,
// timers ring, hints are heard or lost, signals come. Then time goes on to the
// next step at which something is due. A timer that falls due between two steps
// rings late, as it does on a busy machine. Clocks agree and there is no jitter:
// what drift and jitter break is for the simulator. How often leadership was lost
// and how promptly stores answered (the node's health) is wiped after each step:
// in this world nobody rests longer for having lost leadership before, and nobody
// complains of a slow store.
//
// The faults, each of which may strike at any moment: a request is lost; it is
// carried out and its answer lost; a node crashes, and starts again whenever it
// likes; it stands still, before or after its request was carried out, and goes
// on whenever it likes, with all that it had yet to send; Redis loses its data.
// On request also: a request or an answer arrives whenever it likes; a leader is
// asked to step down. The signal comes at any moment. An order whose limit has
// passed while its sender stood still may leave all the same, or be withheld. A
// broker of class B goes by the timestamp that an order got when it passed the
// gate, and refuses it after half a ttl; the book of one of class C may not show
// an order yet that the broker has.
//
// # States that are alike
//
// A state is written as codes that are relations only: how far an instant lies
// from now, up to the horizon; an epoch behind the ledger's, a row's version
// behind the one that stands, a token by its owner and its age, a request by
// which call awaits it (relation.go). The node's fields are found by reflection,
// once, private ones too (layout.go): one that the core gains is compared without
// anybody remembering it, by what its type means, unless section.go says why it
// means less. An answer that nobody awaits is kept and delivered like any other.
// That states with equal codes have equal futures is a test, and it has been red.
//
// A state is written in sections: each node, each store, each message. There are
// few of each kind, so every section is kept once, in a library, and a state that
// waits is the list of their numbers. When its turn comes the parts are taken off
// the worker's shelves, where they stand as they were read from their codes, and a
// deed makes its own copy of what it touches; of what it leads to only those
// sections are written that it touched or whose codes are relative to something
// that it changed. That this is the state as a whole is a test.
//
// What was visited is sixteen bytes in a table of open addressing: a fingerprint
// and its parent's. A way is found again by doing it again.
//
// # Reductions
//
// The parts of the nodes are summed, so that names do not count, and a node that
// a token names counts by what it is. A timer that is due rings at once if
// nothing is on its way to or from its node: whatever else happens neither sees
// nor changes that. Config's NoReduction switches both off; tests compare the
// states of rest that are reached with and without.
//
// No reductions but bounds of the world are these: what one node has sent is
// carried out in the order in which it was sent, unless a fault intervenes, while
// what several send interleaves in every way; a node comes back when an instant
// begins, and a signal comes when one ends. Config's AnyOrder lifts them.
//
// # Budgets
//
// Everything without faults comes first, then everything with one, and so on: a
// state belongs to the fewest faults that reach it, and is visited once. What lies
// behind a bound of depth or states is not judged, and the report says that it is
// not complete.
//
// No goroutine and no clock is in here: the caller shares the jobs out, and the
// result does not depend on how.
package explore
