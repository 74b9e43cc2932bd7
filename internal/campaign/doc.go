// Package campaign plays one scenario under many seeds and reports what came of
// it.
//
// It decides which seeds are played, on how many cores, what the verdicts of the
// single runs add up to, and what a report looks like: for programs as JSON, for
// people as lines that end with the one command that replays a failure. How a
// scenario is played is the business of the World that it is given; how a run is
// judged is that of package scenarios.
//
// Its contract:
//
//   - A report does not depend on the number of cores or on the order in which
//     runs end: the runs stand in the order of their seeds.
//   - Nothing that goes wrong is lost. A panic in a run, a run beyond its
//     timeout and a seed whose repetitions differ are crashes that name the seed.
//   - An invalid run may be repeated once, on engines that do not repeat
//     themselves exactly; the repetition is counted. A failed run never is.
//   - A campaign that is interrupted reports the runs that came to their end, and
//     no other. On engines that take long each run is kept as it ends, for a campaign
//     that is asked for the very same.
package campaign
