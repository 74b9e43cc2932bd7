// Package httpapi is the service's HTTP surface. It answers from what it is
// given and decides nothing.
//
// Two handlers for two audiences. Public is what senders reach: webhooks, and
// the two probes that a load balancer asks for. Admin is for operators and
// machines inside: readings, metrics and commands; a command needs the bearer
// token. The commands of a test (holding calls, moving clocks) exist only where
// the configuration opens them, below /test/.
//
//	GET  /                          the page for people; package page
//	GET  /livez                     200 unless the node stands still; never a matter of a store
//	GET  /readyz                    200 when it can take signals in; never a matter of leading, nor
//	                                of Redis
//	GET  /leader                    200 on the leader, else 503
//	GET  /coordinator/metrics       the coordinator's numbers
//	GET  /coordinator/leader        who leads by Redis and by PostgreSQL
//	GET  /metrics                   for Prometheus
//	GET  /v1/status                 this instance
//	GET  /v1/instances[?stale=30s]  all instances, or those not heard of for so long
//	GET  /v1/leadership-history[?limit=20]
//	GET  /v1/leadership-history?from=T[&to=T]
//	                                who led between two instants, and when nobody did
//	GET  /v1/authority              the ledger's epoch and the witness in Redis
//	POST /v1/authority/accept       go on with a database that went back in time
//	POST /v1/leader/step-down       hand leadership over
//	GET  /v1/reconcile              the last comparison of the broker's book with the ledger
//	POST /v1/reconcile[?dry_run=true]
//	                                compare now
//	GET  /v1/signals[?state=received,held&alerted=true&before=17&limit=100]
//	GET  /v1/signals/{id}           one signal with its attempts
//	GET  /v1/signals/{id}/story     what became of it, in plain words
//	POST /v1/signals/{id}/cancel    take a signal out of the way that nobody has sent
//	GET  /v1/in-doubt[?limit=100]   signals in doubt, and what to look for at the broker
//	POST /v1/in-doubt/{id}/resolve  a person's word on one of them
//	GET  /v1/control                the control mode, and what is open under it
//	POST /v1/control/{halt,pause,resume}
//
// A command that a person signs has "by" and "reason" ("evidence" to resolve),
// which the ledger keeps. Errors are documents of RFC 9457; where a field is
// wrong it is named in "field".
package httpapi
