package scenarios

import "math"

// OneTTL is a Length's unit of the lease: a millionth of a ttl.
const OneTTL = 1_000_000

// Length is a stretch of time: nanoseconds, or multiples of the lease. A parsed
// length has one part; sums of lengths may have both. It may be negative where
// the field allows it.
type Length struct {
	Nanos int64
	TTLs  int64 // millionths of a ttl
}

// The longest lengths that the parser takes, so that sums stay in 64 bits.
const (
	longestNanos = 365 * 24 * hour
	longestTTLs  = 100_000 * OneTTL
)

// The units of a Length in nanoseconds.
const (
	microsecond = int64(1000)
	millisecond = 1000 * microsecond
	second      = 1000 * millisecond
	minute      = 60 * second
	hour        = 60 * minute
)

// Resolve returns the length in nanoseconds for a lease of ttl nanoseconds. It
// saturates instead of overflowing.
func (l Length) Resolve(ttl int64) int64 {
	if l.TTLs == 0 {
		return l.Nanos
	}
	whole, rest := l.TTLs/OneTTL, l.TTLs%OneTTL
	if ttl > 0 && abs(whole) > math.MaxInt64/2/ttl {
		return saturated(whole)
	}
	// The rest is below a million; dividing ttl first keeps the product small
	// where ttl is huge, and multiplying first keeps it exact elsewhere.
	part := rest * (ttl / OneTTL)
	part += rest * (ttl % OneTTL) / OneTTL
	sum := whole*ttl + part
	if l.Nanos > 0 && sum > math.MaxInt64-l.Nanos || l.Nanos < 0 && sum < math.MinInt64-l.Nanos {
		return saturated(l.Nanos)
	}
	return sum + l.Nanos
}

// IsZero tells whether the length is zero under every lease.
func (l Length) IsZero() bool { return l == Length{} }

// Plus returns the sum of both.
func (l Length) Plus(m Length) Length {
	return Length{Nanos: l.Nanos + m.Nanos, TTLs: l.TTLs + m.TTLs}
}

// Span returns the range that holds only this length.
func (l Length) Span() Span { return Span{Min: l, Max: l} }

// String returns the length as it stands in a file, such as `1.5s`, `-0.9ttl`.
// A sum of both parts, which no file can hold, joins them with a plus.
func (l Length) String() string {
	switch {
	case l.TTLs == 0:
		return nanosText(l.Nanos)
	case l.Nanos == 0:
		return decimal(l.TTLs, 6) + "ttl"
	default:
		return decimal(l.TTLs, 6) + "ttl+" + nanosText(l.Nanos)
	}
}

// nanosText chooses the largest unit in which the length is whole; half a
// second is 500ms, not 0.5s.
func nanosText(n int64) string {
	switch {
	case n == 0:
		return "0s"
	case n%hour == 0:
		return decimal(n/hour, 0) + "h"
	case n%minute == 0:
		return decimal(n/minute, 0) + "m"
	case n%second == 0:
		return decimal(n/second, 0) + "s"
	case n%millisecond == 0:
		return decimal(n/millisecond, 0) + "ms"
	default:
		return decimal(n, 3) + "us"
	}
}

// Span is a range of lengths, from which the seed draws one. A fixed length has
// equal ends; the zero Span stands for an absent field.
type Span struct {
	Min, Max Length
}

// IsZero tells whether the field was absent.
func (s Span) IsZero() bool { return s == Span{} }

// Fixed tells whether the range holds one length only.
func (s Span) Fixed() bool { return s.Min == s.Max }

// Resolve returns both ends in nanoseconds for a lease of ttl nanoseconds.
func (s Span) Resolve(ttl int64) (minimum, maximum int64) {
	return s.Min.Resolve(ttl), s.Max.Resolve(ttl)
}

// String returns the range as it stands in a file, such as `5ms..20ms`.
func (s Span) String() string {
	if s.Fixed() {
		return s.Min.String()
	}
	return s.Min.String() + ".." + s.Max.String()
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}

func saturated(sign int64) int64 {
	if sign < 0 {
		return math.MinInt64
	}
	return math.MaxInt64
}
