// Package tape is where everything comes from that a run leaves to chance.
//
// Each decision is a draw with a name: the site that asks (`request.permit`),
// the actor for whom it asks (`n1`), and how often the two have asked before.
// The answer is 64 bits, and zero is always the benign choice: no fault, no
// delay beyond the ordinary, the first of several. Because draws are named and
// not in a row, one can be changed, or a fault taken away, and the rest of the
// run stays where it was; and an old recording still means something after the
// code has changed.
//
// A Tape answers from its source: a seed (a keyed hash, the default), nothing
// (all zero), bytes (from a fuzzer, in the order of the asking), a list of named
// entries with another source behind it (from a file), an odometer (every
// combination of a few draws), or any function (rapid). It can record what it
// answered; the recording is a list again.
//
// # Contract
//
//   - The key of a draw is made of names. Adding a site, or declaring sites in
//     another order, changes the meaning of no seed; renaming one does.
//   - A tape that does not fit never stops a run: entries that nobody asked for
//     and draws that no entry answered are counted (Tape.Unmatched). Read refuses
//     only what can fit no run: an empty file, and names that no draw has.
//   - Parse and List.Text are inverse.
//   - One goroutine owns a tape and its source.
package tape
