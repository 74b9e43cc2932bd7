// Package pgledger is the node's ledger in PostgreSQL: it says in SQL what
// each operation of the core does, atomically, and nothing more. It decides
// nothing that the core decides, keeps no state that matters, and never
// repeats a call: a call that fails or is cut is reported as an error, and
// whether it was carried out is then unknown.
//
// # The fence
//
// Permits and heartbeats hold the group's advisory lock shared, takeovers,
// closings and changes of the control mode hold it exclusively. The lock is
// taken by a statement of its own; the statement that looks at the epoch comes
// after it, in the same transaction under READ COMMITTED, so that its snapshot
// is younger than the lock. Every way of saving one of these is unsafe: the
// package's race tests show how each fails.
//
// # One round trip
//
// Each operation is one transaction, sent as one pipeline from BEGIN to COMMIT
// with the server's own time limits set inside it. The server never waits for
// the client in the middle, so a paused client holds no lock. Nothing that an
// operation needs outlives the transaction: a transaction pooler may stand in
// between. Where none does, the server keeps the statements that a connection has
// prepared, and need not plan them anew. Every statement begins with the
// operation's name in a comment.
//
// # Time
//
// Every instant is the database's clock_timestamp(). An age that decides
// something is read by a statement that waits for no lock, after all locks are
// held: a snapshot older than a wait would make a live leader look dead.
//
// # Where the SQL is
//
// One file per operation holds its statements and the code that sends them.
package pgledger
