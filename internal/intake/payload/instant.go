package payload

import (
	"strconv"
	"time"
)

// zoned and zoneless are the ways in which senders write an instant, with a
// fraction of a second or without.
var (
	zoned    = []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700"}
	zoneless = []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04"}
)

// The lengths of an instant in seconds and in milliseconds since 1970, from
// 2001 to 2286.
const (
	secondDigits      = 10
	millisecondDigits = 13
)

// Instant reads a timestamp. One without a zone is read in that zone, and not
// at all if zone is nil. It reports false for what is no instant: a timestamp
// is the sender's, and names the signal whatever it looks like.
func Instant(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range zoned {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		switch len(text) {
		case secondDigits:
			return time.Unix(n, 0), true
		case millisecondDigits:
			return time.UnixMilli(n), true
		}
	}
	if zone == nil {
		return time.Time{}, false
	}
	for _, layout := range zoneless {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return earlier(t), true
		}
	}
	return time.Time{}, false
}

// earlier returns the first of the instants that a clock on the wall shows in
// the same way: in the night in which it is set back, an hour comes twice.
func earlier(t time.Time) time.Time {
	const wall = "2006-01-02T15:04:05.999999999"
	if before := t.Add(-time.Hour); before.Format(wall) == t.Format(wall) {
		return before
	}
	return t
}
