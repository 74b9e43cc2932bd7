// Package real lets a campaign play scenarios on real processes. It is apart
// from campaign so that the runners of mutants, which play in the simulator
// alone, link no harness.
package real
