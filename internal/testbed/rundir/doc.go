// Package rundir gives a real server started by a test, or by `drill up`, a private directory and a
// guarantee: neither the server nor its directory outlives the process that started it.
//
// A process that starts servers owns one session: a directory that holds a locked file named owner, and
// below it one run directory for each server. Three things end what a session started:
//
//   - [Dir.Remove], called by the server's own Stop;
//   - the warden, a second copy of the running executable in a session of its own, which waits for the lock
//     on the owner file. The kernel drops that lock however the owner ends, so after kill -9 the warden ends
//     the servers and removes the directories;
//   - the reaper, which runs when the next session opens and does the same for every session without an
//     owner, for the case that the warden was killed too.
//
// A server cannot simply be given a parent-death signal: pg_ctl leaves its postmaster as a daemon, which is
// nobody's child.
//
// The warden is recognised by os.Args[0] in an init function, so it works in every binary that links this
// package, test binaries included, and needs no flag.
package rundir
