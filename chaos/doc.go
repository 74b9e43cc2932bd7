// Package chaos plays scenario files on real processes: the service's own
// binary, a real Redis, a real PostgreSQL, the paper broker, and a proxy on
// every link between them. It is the second engine beside the simulator. The
// same file means the same in both, the same checkers judge, and the harness
// itself decides nothing about the protocol.
//
// # What a run is
//
// A World starts everything fresh, waits for the first leader, and then carries
// out the file's steps: on one goroutine, the conductor's, so that roles and
// names mean one thing at one instant. A step that waits for an event strikes
// while the node that announced it is held between its decision and its next
// write. Each fault is written down before it is applied and healed at the end
// whatever happens; what a run has started ends with it.
//
// # What is judged
//
// Nothing is judged while a run goes on. Afterwards the observations become one
// history on one clock, true nanoseconds since the run began: what each node
// believed and announced, from its journal, fed to the core again; what the
// ledger did, from an audit beside its tables; what happened to the lease, from
// the server's own monitor; the broker's book; what senders were told; and what
// the harness did. That history goes through core/check and scenarios.Judge, as
// the simulator's does.
//
// A run in which an assumption of the file did not hold says nothing: the
// harness stood still for too long, a clock of the machine was set, or a fault
// did not take effect.
package chaos
