// Command fencepost runs one instance of the service and asks after a group of
// them.
//
//	fencepost serve --config FILE       run an instance until SIGTERM or SIGINT
//	fencepost migrate up --config FILE  bring the ledger's tables up to date
//	fencepost paper --listen ADDR --class A
//	                                    run a broker on paper
//	fencepost status|leader|instances|signals …
//	fencepost reconcile [--dry-run]     compare the broker's book with the ledger
//	fencepost canary send [--wait 10s]  try the whole way up to the broker
//
// Every setting can also be set in the environment: FENCEPOST_LEASE_TTL for
// lease.ttl. Readings print a table, or JSON with -o json.
//
// Exit codes: 0 done; 1 it failed; 2 the answer is "nobody" or "none", or did not
// come in time; 3 the stores, or broker and ledger, disagree, or a canary ended
// otherwise; 64 wrong usage or a refused configuration.
package main
