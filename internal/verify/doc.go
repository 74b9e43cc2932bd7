// Package verify reads a real ledger and says whether everything in it agrees:
// the invariants of PROTOCOL 6 that a ledger can show, and the chain of events
// of PROTOCOL 4.9.
//
// It reads one snapshot, in statements that are bounded, page by page, writes
// nothing and takes none of the locks that the services take: a ledger may be
// in use meanwhile. Hashes are computed here and not by the database, whose
// functions may have been replaced by whoever changed the rows.
//
// What the invariants are is said by core/check for a history that was watched
// from outside; the names are its own. Its checkers are not used: they judge
// one history up to its first violation and need what a ledger does not hold,
// belief and orders, while a person wants to see everything that is wrong with
// the rows there are.
package verify
