// Package refusal sees what net/http refuses by itself: headers that are too
// large, a body that is framed wrongly, what is no HTTP at all. No handler is
// asked for such a request, so that nothing would tell of it.
//
// A listener of this package recognises these answers by their form as they are
// written, tells of each, and gives them the form of every other refusal: a
// problem document (RFC 9457). Two of them are 5xx, for a transfer coding and for
// a version of HTTP that a server does not speak; they become 400, for a sender
// takes a 5xx as a reason to send the same again.
package refusal
