package load

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Spread is how long answers took: half of them, ninety-nine of a hundred, and all
// took no longer.
type Spread struct {
	P50 Took `json:"p50_ms"`
	P99 Took `json:"p99_ms"`
	Max Took `json:"max_ms"`
}

// Took is a span that is written in milliseconds.
type Took time.Duration

// MarshalJSON writes the milliseconds.
func (t Took) MarshalJSON() ([]byte, error) {
	return fmt.Appendf(nil, "%.3f", time.Duration(t).Seconds()*1e3), nil
}

// UnmarshalJSON reads the milliseconds.
func (t *Took) UnmarshalJSON(text []byte) error {
	ms, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return fmt.Errorf("a span in milliseconds: %w", err)
	}
	*t = Took(ms * float64(time.Millisecond))
	return nil
}

// String returns the milliseconds with their unit.
func (t Took) String() string { return fmt.Sprintf("%.1f ms", time.Duration(t).Seconds()*1e3) }

// SpreadOf sorts the spans and looks at them. No spans have a spread of zero.
func SpreadOf(took []time.Duration) Spread {
	if len(took) == 0 {
		return Spread{}
	}
	slices.Sort(took)
	rank := func(percent int) Took { return Took(took[(percent*len(took)+99)/100-1]) }
	return Spread{P50: rank(50), P99: rank(99), Max: rank(100)}
}
