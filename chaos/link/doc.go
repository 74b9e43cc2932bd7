// Package link is the wire between two parties on real TCP: what a scenario's
// `net` verb does to messages in the simulator, it does to bytes.
//
// A connection through a link passes three relays:
//
//	near party ──► door ──► toxiproxy ──► tap ──► far party
//
// The door owns the near party's socket, so that refusing is a closed port and
// resetting is a reset. toxiproxy carries one toxic of ours in each direction,
// which is there from the first connection to the last; it drops, holds, delays
// and narrows, and what it does is read from one pointer that the harness
// swaps. The tap speaks enough of RESP, PostgreSQL's protocol and HTTP to say
// which operation a request is and where its reply ends, and it owns the far
// party's socket. The three share one session, so that a fault in one place can
// end the connection in another.
//
// Contract. Bytes keep their order. A stream with a hole is never continued: a
// connection that lost bytes stays silent and is reset once nothing on its
// link is silent any more. Held bytes are delivered first and their connection
// ends after. No control call waits for a client, for a server or for another
// connection: toxiproxy's own ways to change a toxic do, and are never called.
// Everything is on the loopback interface, and Close leaves no goroutine and no
// descriptor behind.
//
// A client that closes only its sending side is taken to have closed both, as
// toxiproxy does.
package link
