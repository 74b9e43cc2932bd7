package soak

import (
	"fmt"
	"slices"
	"time"

	"fencepost/chaos"
)

// The points of a series that are left out, and how many it must have besides to
// be judged.
const (
	warmUp      = 2
	leastPoints = 4
)

// Point is what a party held at one quiet point.
type Point struct {
	At     time.Duration `json:"at"` // of the scenario's clock, in nanoseconds
	Amount float64       `json:"amount"`
}

// Tolerance is how much more of a resource a party may hold in the end than after
// its warm-up: a pool that is full for the first time is no leak.
type Tolerance struct {
	// Amount is in the resource's unit, Share a part of what was held at first; the
	// greater counts.
	Amount, Share float64
	// PerSignal is granted to the harness besides, which keeps the history.
	PerSignal float64
}

// Tolerances of the resources.
var tolerances = map[chaos.Resource]Tolerance{
	chaos.Heap:        {Amount: 6 << 20, Share: 0.3, PerSignal: 16 << 10},
	chaos.Resident:    {Amount: 24 << 20, Share: 0.3, PerSignal: 32 << 10},
	chaos.Descriptors: {Amount: 8, Share: 0.25},
	chaos.Goroutines:  {Amount: 10, Share: 0.25},
	chaos.Connections: {Amount: 8, Share: 0.25},
}

// Trend is what became of one resource of one party.
type Trend struct {
	Party    string         `json:"party"`
	Life     int            `json:"life,omitempty"`
	Resource chaos.Resource `json:"resource"`
	// Points are those after the warm-up.
	Points []Point `json:"points"`
	// From is the median of the first third after the warm-up, To that of the last.
	From float64 `json:"from"`
	To   float64 `json:"to"`
	// PerHour is the slope.
	PerHour float64 `json:"per_hour"`
	// Tolerated is by how much To may exceed From.
	Tolerated float64 `json:"tolerated"`
	Leaks     bool    `json:"leaks"`
}

// judge finds the trend of a series whose party was offered so many signals from
// its first point to its last. It reports false if the series is too short.
func judge(of key, points []Point, signals int) (Trend, bool) {
	if len(points) < LeastRounds {
		return Trend{}, false
	}
	points = points[warmUp:]
	third := (len(points) + 2) / 3
	t := Trend{
		Party: of.party, Life: of.life, Resource: of.resource, Points: points,
		From: medianOf(points[:third]), To: medianOf(points[len(points)-third:]),
	}
	slope := slopeOf(points)
	t.PerHour = slope * float64(time.Hour)
	limit := tolerances[of.resource]
	t.Tolerated = max(limit.Amount, limit.Share*t.From)
	if of.party == chaos.HarnessParty {
		t.Tolerated += limit.PerSignal * float64(signals)
	}
	span := float64(points[len(points)-1].At - points[0].At)
	t.Leaks = t.To-t.From > t.Tolerated && slope*span > t.Tolerated
	return t, true
}

// medianOf is the median of the points' amounts.
func medianOf(points []Point) float64 {
	amounts := make([]float64, len(points))
	for i, p := range points {
		amounts[i] = p.Amount
	}
	return median(amounts)
}

// median returns the middle of the values, which it sorts; of an even number the
// mean of the two in the middle. There is one at least.
func median(values []float64) float64 {
	slices.Sort(values)
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}

// slopeOf is the median of the slopes between any two points, in amounts per
// nanosecond.
func slopeOf(points []Point) float64 {
	var slopes []float64
	for i := range points {
		for j := range i {
			if run := points[i].At - points[j].At; run > 0 {
				slopes = append(slopes, (points[i].Amount-points[j].Amount)/float64(run))
			}
		}
	}
	if len(slopes) == 0 {
		return 0
	}
	return median(slopes)
}

// String tells of the trend.
func (t *Trend) String() string {
	who := t.Party
	if t.Life > 1 {
		who += fmt.Sprintf(", its process number %d", t.Life)
	}
	return fmt.Sprintf("%s: %s from %s to %s over %d quiet points, %s an hour; %s more is tolerated",
		who, t.Resource, t.amount(t.From), t.amount(t.To), len(t.Points), t.amount(t.PerHour),
		t.amount(t.Tolerated))
}

// amount writes an amount in the resource's unit.
func (t *Trend) amount(value float64) string { return amountText(t.Resource, value) }

// amountText writes an amount of a resource: megabytes, or a number.
func amountText(of chaos.Resource, value float64) string {
	if of == chaos.Heap || of == chaos.Resident {
		return fmt.Sprintf("%.1f MB", value/(1<<20))
	}
	return fmt.Sprintf("%.0f", value)
}
