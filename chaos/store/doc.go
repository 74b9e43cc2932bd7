// Package store gives a run on real processes a real Redis and a real PostgreSQL that can be disturbed in the
// ways that scenario files name, and whose doings can be read afterwards.
//
// What the stores do to their clients must be what `sim/model` and the simulator say they do: a scenario is
// played on both. Where the real server cannot lose what a scenario wants lost (kill -9 loses nothing that
// was written to a file), the loss is made: [Redis] puts back the two keys as they were, [Postgres] cuts its
// log.
//
// What takes a server away has two halves, so that the caller decides when it comes back: Down and Up, Rewind
// and Up. Every method is bounded by its context and by a limit of its own, and none waits for a client; it
// begins when the act before it has ended, which is bounded in the same way.
//
// Both stores are also witnesses. [Watch] holds every write to the lease and to the witness as the Redis
// servers carried them out, in their order and by their clock. [Audit] holds every change of the ledger in
// the order in which it became true. [LeaseHistory] and [Historian] put them into the words of core/history.
// What a store never saw, such as a permit that was refused without a row, is not in them.
//
// Servers belong to the process that starts them and end with it, however it ends; nothing that runs on the
// machine is touched. They listen on 127.0.0.1, on free ports.
package store
