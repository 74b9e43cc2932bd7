// Package timeline draws the picture of one run: a single HTML file that shows
// who held the lease, under which epoch and in whose belief, what was broken
// meanwhile, and what the stores and the broker saw. Both engines write it when
// a run did not pass, so that a person sees at once what a trace tells in
// thousands of lines.
//
// A caller fills a [Run] by hand, or lets [FromHistory] make it from the records
// that both engines have and adds what only that engine knows, such as the steps
// of a scenario. [Run.WriteHTML] writes the page.
//
// The page needs nothing but itself: no network, no font, no script from
// elsewhere, and its content security policy admits only the script and the
// style that this package put into it. Whatever a name or a detail holds is shown
// as text. It opens from a file as well as from a server, and draws only what
// is in view, so that tens of thousands of marks stay quick.
//
// Instants are nanoseconds on the observer's clock, as in core/history.
package timeline
