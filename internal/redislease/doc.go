// Package redislease is the node's lease in Redis: one Lua script for each
// operation of the core, so that each is atomic, can be told apart on the
// wire, and compares the token inside the server. It decides nothing and never
// repeats a call; a call that fails or is cut may or may not have been carried
// out.
//
// The lease lives under `fencepost:{group}:lease` and holds the holder's token
// (package identity). A holder that lets go publishes on
// `fencepost:{group}:events`; messages are hints and may be lost.
//
// The epoch is not kept here. Redis may lose what it acknowledged, and then an
// epoch of its own would be handed out twice. What stands under
// `fencepost:{group}:witness` is only a memory of the highest epoch seen, by
// which a PostgreSQL that went back in time is noticed.
//
// All time limits and the settings of the client are chosen for links that go
// silent: no retries (a repeated acquisition whose reply was lost would be told
// "denied" of a lease it holds), deadlines from the context, and a pool that
// is never the bottleneck.
package redislease
