// Package sim plays a scenario in a world of its own: one goroutine, one seed,
// virtual time. The nodes are production cores; the stores are the models of
// package model; between them lies a network that can delay, lose, hold and cut
// every message in either direction, and each machine has clocks that drift and
// jump. After every step the checkers of core/check look on, and the judge of
// package scenarios takes down what the file's expectations need.
//
// Nothing here depends on real time, on the order of a map, on a goroutine or
// on a global generator. Chance is drawn by name (package tape), every run is
// hashed, and the same seed gives the same hash on every machine.
//
// # A run
//
// world.go holds the loop: take what happens next, be it a message, a node's
// wake or a fault; let it happen; let the node's effects out. host.go is the
// machine around a node, network.go the way between a node and a store,
// stores.go the stores' side of it: replica.go is the second Redis, session.go
// and ledger.go what stands between a client and a statement, rewind.go how the
// ledger goes back in time. program.go compiles a scenario, schedule.go
// fires its steps, fault*.go carry them out and heal them. plan.go draws the
// faults of a nemesis, which are carried out as steps, too. workload.go is the
// senders. observe.go tells the checkers and the judge, trace.go keeps the last
// few thousand happenings for people to read, once somebody does.
package sim
