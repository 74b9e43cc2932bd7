// Package pgbouncer starts real PgBouncers for tests, in front of a PostgreSQL
// of package postgres.
//
// The program is taken from FENCEPOST_PGBOUNCER, else from the machine, else from
// its Debian package, unpacked into the cache; where none can be had, starting
// fails with the command that installs it. It refuses to run as root, and is then
// told to become an account without rights.
package pgbouncer
