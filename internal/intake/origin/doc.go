// Package origin finds out which address a request came from.
//
// The only address that nobody can make up is the one at the other end of the
// connection. Where that belongs to a proxy that the configuration trusts, the
// proxy's word counts: it has added, at the right end of X-Forwarded-For, the
// address that it was asked from. So the header is read from the right, through
// trusted proxies only, and ends at the first address that is not one of them.
// What stands further to the left was written by whoever liked to.
//
// What cannot be read ends the search without an address: a list of addresses
// then lets nobody in.
//
// The package is a leaf, so that its parser can be fuzzed quickly.
package origin
