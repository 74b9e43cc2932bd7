package detect

import (
	"fmt"
	"math"
)

// Quantity is one thing that is measured of an occurrence.
type Quantity uint8

// The quantities. All are stretches of time; all but the overlap count from the
// strike, or from the end of the fault where the kind says so.
const (
	// Self: until the old leader itself announces that something is wrong with its
	// leadership.
	Self Quantity = iota
	// Peer: until another node reports the old leader as stale.
	Peer
	// Store: until the ledger refuses something to the old leader.
	Store
	// GaveUp: until the old leader believes no more.
	GaveUp
	// Elected: until somebody leads under a younger epoch.
	Elected
	// Recovered: until a signal is executed by whoever leads then.
	Recovered
	// Overlap: from the first belief of the next leader to the last belief of the
	// old one. It is negative while nobody believes in between.
	Overlap
	quantityCount
)

var quantityNames = [quantityCount]string{
	Self: "self", Peer: "peer", Store: "store", GaveUp: "gave_up", Elected: "elected",
	Recovered: "recovered", Overlap: "overlap",
}

// String returns the quantity's name in JSON.
func (q Quantity) String() string {
	if q >= quantityCount {
		return "quantity(?)"
	}
	return quantityNames[q]
}

// MarshalText returns the quantity's name. It never fails.
func (q Quantity) MarshalText() ([]byte, error) { return []byte(q.String()), nil }

// UnmarshalText reads the quantity's name.
func (q *Quantity) UnmarshalText(text []byte) error {
	for known, name := range quantityNames {
		if name == string(text) {
			*q = Quantity(known)
			return nil
		}
	}
	return fmt.Errorf("%q is no quantity", text)
}

// Span is a stretch of time in nanoseconds. It is kept in milliseconds, to the
// microsecond.
type Span int64

// TTLs returns the span in multiples of the lease.
func (s Span) TTLs() float64 { return float64(s) / float64(TTL) }

// MarshalJSON returns the milliseconds. It never fails.
func (s Span) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%g", math.Round(float64(s)/1e3)/1e3), nil
}

// UnmarshalJSON reads milliseconds.
func (s *Span) UnmarshalJSON(text []byte) error {
	var millis float64
	if _, err := fmt.Sscan(string(text), &millis); err != nil {
		return fmt.Errorf("%s are no milliseconds: %w", text, err)
	}
	*s = Span(math.Round(millis * 1e6))
	return nil
}
