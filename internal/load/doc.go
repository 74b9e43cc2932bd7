// Package load sends webhooks to real instances at a given rate, or as fast as
// they are answered, and tells how long the answers took.
//
// It decides when a signal is due and what its delay is counted from. In an open
// loop a signal is due at an instant that is known beforehand, and its delay runs
// from that instant, whether or not a connection was free by then: a service that
// stands still for a second owes that second to every signal of it, and a sender
// that waits for the answer before it sends the next one would hide it. In a closed
// loop each connection sends the next signal when the last one is answered; that
// shows how many signals a second can be acknowledged, and its delays say nothing
// of a sender that does not wait.
//
// Run measures a cluster both ways, through one instance and through all of them,
// and then looks into the ledger: a signal that was acknowledged and is not there
// is a failure, however fast the answer was.
//
// The sender shares the machine with what it measures and is therefore frugal: one
// goroutine and one connection a sender, requests made beforehand, no client of
// the standard library in between.
package load
