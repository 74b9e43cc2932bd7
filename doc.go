// Package fencepost coordinates several instances of a trading service so that
// exactly one of them executes signals.
//
// Redis elects a leader quickly; PostgreSQL fences it: every order is granted
// under an epoch, in a transaction that an older epoch cannot pass. Belief in
// being the leader is a deadline on the local clock, never a flag. The contract
// is docs/PROTOCOL.md; the decisions are package core, which this package runs
// in the world.
//
// A Coordinator is one instance. New opens nothing; Run takes part in the
// election until its context ends, and then hands over in order: it stops
// granting, lets orders in flight end, closes its tenure in PostgreSQL, and
// releases the lease in Redis. Serve does the same and answers HTTP besides.
// While a store is away the instance keeps trying and says that it is not
// ready; it never goes on alone.
//
// A program that wants nothing but a leader is made WithoutBroker and gives Run a
// function, a Lead. It is called with a Tenure, whose Tx writes to the ledger's
// database in a transaction that an older epoch cannot pass (docs/LIBRARY.md).
// Groups are the instances of one process in several groups, over one set of
// connections.
//
// Broker is what an embedding program implements to send orders its own way.
package fencepost
