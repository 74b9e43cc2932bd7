// Package access opens the way to the two stores: which servers may be asked,
// how a connection is encrypted, and what is shown at the door. The service, its
// readings, doctor and migrate go the same way.
//
// Passwords and certificates that stand in files are read again for each new
// connection, so that whoever rotates them restarts nothing: connections that
// stand go on, and the next one shows what is in the file by then. A file that
// cannot be read, or that everybody can, is an error that names it; the
// connection is then not made.
//
// Whatever stands behind an address, one server, a Sentinel's choice, a member
// of a cluster, a pooler or one of several hosts, it decides nothing about
// safety. Redis elects only, and may forget; each effect is fenced in PostgreSQL,
// in one transaction that needs nothing of its session (PROTOCOL 2.4).
package access
