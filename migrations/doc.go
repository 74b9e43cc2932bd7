// Package migrations holds the schema of the ledger and applies it.
//
// The files are embedded, numbered without gaps, and written for goose. They
// use plain names, so that a connection whose search_path names a private
// schema keeps the whole ledger there. Migrations expand first and contract
// later: a running older version must work against the newer schema.
//
// What the protocol relies on is held by the schema itself, by constraints and
// triggers whose names read as the rule they hold; a violation carries that
// name in the error. Only the fence stands in the statements: a constraint
// cannot see which lock was taken before it looked.
//
// Migrating takes a session-level lock and so needs a direct connection, not
// one through a transaction pooler.
package migrations
