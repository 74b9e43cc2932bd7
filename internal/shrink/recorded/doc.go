// Package recorded holds the lasting form of what a run on real processes leaves
// about its verdict and its faults, and reads it back: `verdict.json`,
// `faults.jsonl`, and of `history.jsonl` the announcements.
//
// The harness of real processes writes these files, the search for shorter
// failures reads them; neither knows the other. A directory that is not whole, or
// in which a file says what its format does not have, is refused with the place.
package recorded
