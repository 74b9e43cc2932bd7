// Package intake takes signals in over HTTP.
//
// Any instance stores a signal durably and then answers; the leader executes
// it. A sender that waits for three seconds and repeats on 5xx alone decides
// the answers: 202 once the signal is stored, within two seconds; 503 with
// Retry-After otherwise, at once where the ledger is known to be away; 200 with
// a reason for a refusal that must not be repeated; 4xx for what is wrong with
// the request itself.
//
// What an answer means is decided in the core (Admission.Tell, MayTakeIn). This
// package reads the request, keeps to the time, and writes the answer.
package intake
