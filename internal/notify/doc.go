// Package notify tells people what the ledger's outbox holds.
//
// A row of the outbox is written in the transaction of the fact that it tells, by
// the ledger. A Courier claims rows for a while, sends each to every channel that
// does not have it yet, and notes which took it. Any instance runs one; a claim
// that its holder did not settle runs out, and another instance goes on. So each
// channel gets each notification at least once, and twice when whoever sent it died
// before it could say so: a receiver tells repetitions by the notification's id.
//
// Attempts are bounded in time, and follow each other ever more slowly. A
// notification that nobody could be told for long enough is given up, which is
// counted, shown and alerted on; a person can have it tried again.
//
// Addresses of receivers hold secrets (a Slack hook is one, a Telegram address
// contains a token). No error of this package holds any part of an address.
package notify
