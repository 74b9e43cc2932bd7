package inbox

import (
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strconv"

	"fencepost/core"
)

// Admission is what the ledger did with a signal that was offered to it.
type Admission uint8

// The admissions. The zero value is the one that promises nothing.
const (
	// AdmissionUnknown: the ledger did not answer in time.
	AdmissionUnknown Admission = iota
	// Fresh: the signal is stored, durably, for the first time.
	Fresh
	// Duplicate: the same signal with the same payload was stored before.
	Duplicate
	// Clash: another payload was stored under the same key before.
	Clash
)

// Verdict is what a sender is told.
type Verdict uint8

// The verdicts.
const (
	// Retry: nothing is promised; send it again.
	Retry Verdict = iota
	// Accepted: stored, and it will be executed or accounted for.
	Accepted
	// AlreadyKnown: as Accepted, on an earlier delivery.
	AlreadyKnown
	// Refused: not stored, and must not be sent again.
	Refused
	// Contradicts: not stored; something else has this id.
	Contradicts
)

// HTTPStatus returns the status code of the verdict. Senders repeat on 5xx
// alone, so a refusal that must not be repeated is a 200.
func (v Verdict) HTTPStatus() int {
	switch v {
	case Accepted:
		return 202
	case AlreadyKnown, Refused:
		return 200
	case Contradicts:
		return 409
	case Retry:
		return 503
	default:
		return 503
	}
}

var verdictNames = []string{
	Retry: "unavailable", Accepted: "accepted", AlreadyKnown: "duplicate", Refused: "rejected",
	Contradicts: "conflict",
}

// String returns the verdict's word in the answer.
func (v Verdict) String() string {
	if int(v) >= len(verdictNames) {
		return "verdict(?)"
	}
	return verdictNames[v]
}

// Tell turns the ledger's answer into the sender's. Nothing is acknowledged
// that is not known to be durable.
func (a Admission) Tell() (Verdict, core.Reason) {
	switch a {
	case Fresh:
		return Accepted, core.NoReason
	case Duplicate:
		return AlreadyKnown, core.NoReason
	case Clash:
		return Contradicts, core.Conflict
	case AdmissionUnknown:
		return Retry, core.Unavailable
	default:
		return Retry, core.Unavailable
	}
}

// SignalKey is the key that makes a signal itself: its own id if the sender
// gave one, else a hash of what it says.
func SignalKey(signalID, instrument, kind, position, timestamp string) string {
	if signalID != "" {
		return signalID
	}
	sum := sha256.Sum256([]byte(instrument + ":" + kind + ":" + position + ":" + timestamp))
	return fmt.Sprintf("%x", sum)
}

// ClientOrderID names one attempt at the broker. It is the same on every
// instance: the first 20 characters of base32(SHA-256(key, attempt)).
func ClientOrderID(key string, attempt uint32) string {
	sum := sha256.Sum256([]byte(key + "\x00" + strconv.FormatUint(uint64(attempt), 10)))
	return base32.StdEncoding.EncodeToString(sum[:])[:20]
}
