// Package doorkeeper bounds how many connections a listener has open, so that
// strangers cannot keep a source of webhooks out.
//
// A new connection is always let in. Where that is one too many, another has to
// go: the oldest of whoever has the most. A flood from a few addresses thus
// closes its own connections, and one from many addresses closes the oldest of
// them; whoever says at once what it wants has been answered by then. An IPv6
// network of 64 bits counts as one address: its owner has them all.
//
// There are three crowds, each with the same bound, and none is ever thinned out
// for another: strangers; addresses that the configuration lists; and
// connections on which a known sender has shown itself (Known). Of the last only
// those that are idle are closed.
package doorkeeper
