// Package shrink turns a failing run into the shortest scenario file that still
// fails in the same way: fewer faults, nodes and signals, narrower links,
// shorter and rounder times, and nothing that the failure does not need.
//
// "In the same way" means the same broken invariant, or the same word of an
// expectation. The search is delta debugging over the steps, after the time line
// was cut at the failure, and then passes of simplification to a fixed point;
// everything a candidate does, it does through scenarios, sim.Compile and a
// World, as any file would. Draws of the simulator are keyed, so most candidates
// keep failing under the old seed; where one does not, a few dozen other
// micro-schedules are tried.
//
// A shrunk failure can be carried to real processes (Options.Anchor), which
// cannot be told their schedule: its steps then wait for events and strike roles,
// and what fails alike under the most schedules is kept. Of what failed there
// Retell makes scenarios that are searched for the same failure here.
//
// Its contract:
//
//   - What is returned was written by the project's own writer, read again by
//     its parser, played, and failed alike.
//   - The result depends on the scenario, the seed and the options alone, not on
//     the number of cores or on the clock: effort is counted in simulated events.
//   - A run that does not fail is no error, nor is an interrupt: the answer says
//     so, with the shortest file that there was until then.
//   - A program with a mistake in it cannot know what passes without it. Every
//     stage on the way is returned, so that the caller can step back to one that
//     passes on the true program (Settle does).
package shrink
