// Package httpapi is the service's HTTP surface. It answers from what it is
// given and decides nothing.
//
// Two handlers for two audiences. Public is what senders reach: webhooks, and
// the two probes that a load balancer asks for. Admin is for operators and
// machines inside: readings, metrics and commands; a command needs the bearer
// token. The commands of a test (holding calls, moving clocks) exist only where
// the configuration opens them, below /test/.
//
//	GET  /livez                     200 while the process runs
//	GET  /readyz                    200 when it can do its part; never a matter of leading
//	GET  /leader                    200 on the leader, else 503
//	GET  /coordinator/metrics       the coordinator's numbers
//	GET  /coordinator/leader        who leads by Redis and by PostgreSQL
//	GET  /metrics                   for Prometheus
//	GET  /v1/status                 this instance
//	GET  /v1/instances[?stale=30s]  all instances, or those not heard of for so long
//	GET  /v1/leadership-history[?limit=20]
//	GET  /v1/authority              the ledger's epoch and the witness in Redis
//	POST /v1/authority/accept       go on with a database that went back in time
//	POST /v1/leader/step-down       hand leadership over
//	GET  /v1/reconcile              the last comparison of the broker's book with the ledger
//	POST /v1/reconcile[?dry_run=true]
//	                                compare now
package httpapi
