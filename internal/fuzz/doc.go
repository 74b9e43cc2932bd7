// Package fuzz plays whole random clusters: for each seed a swarm of faults, a
// workload and a configuration, under all invariants.
//
// It decides which seeds belong to a shard, what of a campaign's runs adds up to
// a summary, and whether the search was blind somewhere. What a random cluster
// is, package sim says (sim.Swarm); what breaks, core/check.
//
// Its contract:
//
//   - A summary depends on the seeds alone: not on the number of cores, on how a
//     campaign is cut into shards, or on the order in which runs end. Its wall
//     time apart, the merged summaries of all shards equal that of the whole.
//   - What is missing is named: an interrupted campaign and a merge without all
//     of its shards are unknown, unless they failed. A shard that stands there
//     twice, or belongs to another campaign, is refused.
//   - No failure is lost. Beyond those that are listed, all are counted; a run
//     that panics is a crash that names its seed.
//   - Each failure comes with one command that plays it again.
//   - With ten thousand runs and more, a demanded mark that was never hit is a
//     failure of the search (PROTOCOL 6).
package fuzz
