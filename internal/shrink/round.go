package shrink

import (
	"slices"

	"fencepost/scenarios"
)

// rungs are the round lengths that are tried, in tenths of a ttl.
var rungs = []int64{
	1, 2, 3, 5, 7, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300, 400, 500,
}

// tenths returns so many tenths of a ttl.
func tenths(n int64) scenarios.Length { return scenarios.Length{TTLs: n * scenarios.OneTTL / 10} }

// rounder returns lengths that are simpler than the span, the shortest first:
// round ones below it, then the nearest round ones, then its own ends.
func rounder(s scenarios.Span, ttl int64) []scenarios.Span {
	low, high := s.Resolve(ttl)
	if low < 0 || high < 0 {
		return signed(s, ttl)
	}
	var found []scenarios.Span
	add := func(l scenarios.Length) {
		if span := l.Span(); span != s && !span.IsZero() && !slices.Contains(found, span) {
			found = append(found, span)
		}
	}
	tenth := max(ttl/10, 1)
	for _, n := range rungs {
		if n*tenth < high {
			add(tenths(n))
		}
	}
	add(tenths(low / (10 * tenth) * 10))
	add(tenths(low / tenth))
	add(tenths((high + tenth - 1) / tenth))
	add(tenths((high + 10*tenth - 1) / (10 * tenth) * 10))
	for _, l := range []int64{high / 100, high / 10, high / 3, low, high} {
		if rounded := roundMillis(l); rounded > 0 {
			add(scenarios.Length{Nanos: rounded})
		}
	}
	if !s.Fixed() {
		add(s.Min)
		add(s.Max)
	}
	return found
}

// signed is rounder for lengths that may be negative.
func signed(s scenarios.Span, ttl int64) []scenarios.Span {
	low, high := s.Resolve(ttl)
	if low < 0 && high > 0 {
		return []scenarios.Span{s.Max.Span(), s.Min.Span()}
	}
	flipped := rounder(scenarios.Span{Min: negative(s.Max), Max: negative(s.Min)}, ttl)
	for i, f := range flipped {
		flipped[i] = negative(f.Min).Span()
	}
	return flipped
}

func negative(l scenarios.Length) scenarios.Length {
	return scenarios.Length{Nanos: -l.Nanos, TTLs: -l.TTLs}
}

// roundMillis rounds up to whole milliseconds, of which only the first two
// digits count.
func roundMillis(n int64) int64 {
	const millisecond = 1_000_000
	unit := int64(millisecond)
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit - 1) / unit * unit
}
