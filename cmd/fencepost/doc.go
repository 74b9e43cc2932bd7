// Command fencepost runs one instance of the service and asks after a group of
// them.
//
//	fencepost serve --config FILE       run an instance until SIGTERM or SIGINT
//	fencepost migrate up --config FILE  bring the ledger's tables up to date
//	fencepost paper --listen ADDR --class A
//	                                    run a broker on paper
//	fencepost doctor --config FILE      look at what an instance would rest on
//	fencepost halt|pause|resume --reason TEXT
//	                                    stop every order, and let them go on
//	fencepost in-doubt list|resolve …   signals of which nobody knows whether an
//	                                    order exists
//	fencepost status|leader|instances|signals …
//	fencepost verify --config FILE      judge the whole ledger
//	fencepost reconcile [--dry-run]     compare the broker's book with the ledger
//	fencepost canary send [--wait 10s]  try the whole way up to the broker
//
// docs/OPERATING.md lists every verb. Every setting can also be set in the
// environment: FENCEPOST_LEASE_TTL for lease.ttl. Readings print a table, or
// JSON with -o json.
//
// Exit codes: 0 done; 1 it failed, or nobody confirmed it; 2 the answer is
// "nobody" or "none", it did not come in time, or doctor found a failure; 3 the
// stores, or broker and ledger, disagree, the ledger is not sound, a canary ended
// otherwise, or what a person's word was about has moved; 64 wrong usage or a
// refused configuration.
package main
