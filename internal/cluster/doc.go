// Package cluster runs a whole fencepost cluster on this machine, from nothing:
// PostgreSQL, Redis, the paper broker and real `fencepost serve` processes.
//
// It decides how these are started, in which order they end, and when they
// count as ready; and it observes them from outside, by SQL, by the broker's
// book and by the services' own answers. What it starts is what a person would
// start by hand: the same binary, a configuration file, no switch for tests
// unless the caller sets one.
//
// Its contract:
//
//   - Nothing outlives the process that called Start. Children get a death
//     signal, and the warden of package rundir ends what is left and removes the
//     directory, also after kill -9.
//   - Every call is bounded in time.
//   - It knows nothing of tests: `drill up` and the runs on real processes use
//     it alike.
//
// Read and Judge are an audit: the ledger and the broker's book, taken together,
// against the invariants of PROTOCOL 6. Demo plays a failure on a cluster and
// ends with that audit.
package cluster
