// Package page is the page for people on the admin listener: who leads, under
// which epoch, how old every instance's heartbeat is, who led before, which
// signals are open or in doubt and what became of them, and the control mode
// with halt and resume.
//
// It decides nothing. What it shows are the readings that the admin listener
// answers anyway ([Source]), a story is asked of the story's own route, and a
// halt or a resume goes to the routes of the API with the phrase that the
// command wants typed.
//
//	GET /             the page
//	GET /page/NAME    its style, its scripts, its icon
//	GET /page/stream  what it shows, as server-sent events
//
// The contract of the stream. The first event holds every part whole, so that
// who comes back has missed nothing; later ones hold the parts that changed, and
// of the others that they were read again. There is an event for every round of
// readings, whether or not anything changed: who hears nothing for a few seconds
// has lost the stream and must say so. A part that could not be read says why,
// and how old its data is; data that is no longer confirmed is never called
// fresh. Ages are told as of an instant of the server's and go on by the
// reader's clock.
//
// Rounds take place only while somebody looks, once for all who do. The number of
// streams, their life, each write and each reading are bounded. A write that
// wants the token never passes here, the page keeps the token in memory alone,
// and its content security policy admits nothing but what this package embeds.
package page
