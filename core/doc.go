// Package core is the protocol of fencepost: which of several instances may
// execute trading signals, and what becomes of each signal. Redis elects,
// PostgreSQL fences.
//
// The core is told everything and does nothing. Step takes the time and one
// input, changes the node, and lists the effects that its surroundings must
// carry out: calls to Redis, to PostgreSQL and to the broker, and announcements
// of what happened. There is no clock, socket, goroutine, log or randomness
// inside, and a Node is a plain value: copying it copies the node. The same
// code therefore runs as the service, under the simulator, and in a search of
// every interleaving.
//
// # Contract
//
// One goroutine owns a node. It calls Step with every answer and, at the
// latest at Wake, with TimePassed. Readings of the boot clock never go back.
// Effects are started in their order; each call is answered by inputs with its
// Req, or not at all: the node gives up by itself when the call's Timeout has
// passed. A Fetch is answered by up to FetchLimit SignalFound and one
// WorkListed, every other call by one input. Announcements need no answer.
//
// # Roles
//
//	            lease acquired             epoch taken
//	follower ───────────────────► candidate ───────────► leader
//	   ▲ ▲                            │                     │ step down: asked to,
//	   │ └────────────────────────────┘                     │ trust ran out, refused
//	   │    no epoch within the budget: lease given back    ▼
//	   └───────────────────────────────────────────────  draining
//	      finish sends ─► close the tenure ─► release the lease
//
// While Redis is away the lease is a column of the ledger instead, renewed with
// the heartbeat (a tenure of kind pg); the way is the same. A node that finds
// the ledger gone back in time is barred from it until a person has accepted
// the ledger as it is.
//
// Belief is a deadline: a leader believes until the earlier end of two trust
// windows, one opened by each renewal of the lease in Redis, one by each
// heartbeat confirmed by PostgreSQL, both counted from the start of the attempt
// that was answered. Safety does not rest on belief: every permit, heartbeat
// and closing names its epoch, and the ledger refuses it if there is a younger
// one.
//
// # Where to read
//
// node.go is the frame; follower.go, candidate.go, leader.go and draining.go
// hold a role each; lease.go and ledger.go take the stores' answers.
// regression.go notices a ledger that went back in time, health.go and clocks.go
// what else is amiss. flight.go, permit.go and recovery.go follow one signal from
// the inbox to its end, and intake.go brings it in. input.go, effect.go and op.go
// are the language in between, with the words of packages event and order; package
// journal has its lasting form, package config the settings. The clauses are in
// docs/PROTOCOL.md.
package core
