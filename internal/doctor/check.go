package doctor

import (
	"fmt"
	"time"

	"fencepost/core/word"
)

// Level says how bad it is. The zero value is the careful one.
type Level uint8

// The levels.
const (
	// Fail: fencepost does not work like this, or loses what it promised to keep.
	Fail Level = iota
	// Warn: it works, at a price.
	Warn
	// OK: as it should be.
	OK
)

var levelNames = []string{Fail: "fail", Warn: "warn", OK: "ok"}

// String returns the level's word.
func (l Level) String() string { return word.Of(levelNames, l) }

// MarshalText writes the level's word.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// UnmarshalText reads the level's word.
func (l *Level) UnmarshalText(text []byte) error {
	for at, name := range levelNames {
		if name == string(text) {
			*l = Level(at)
			return nil
		}
	}
	return fmt.Errorf("%q is no level", text)
}

// Check is one thing that was looked at.
type Check struct {
	Name  string `json:"name"`
	Level Level  `json:"level"`
	// Found is what is there, Means what follows from it, and Do what to change;
	// the last is empty where nothing is to be done.
	Found string `json:"found"`
	Means string `json:"means"`
	Do    string `json:"do,omitempty"`
}

// Worst returns the worst level, OK if nothing was looked at.
func Worst(checks []Check) Level {
	worst := OK
	for i := range checks {
		worst = min(worst, checks[i].Level)
	}
	return worst
}

// bound is how long one part of the examination may take.
const bound = 5 * time.Second

// list collects checks.
type list []Check

func (l *list) ok(name, found, means string) {
	*l = append(*l, Check{Name: name, Level: OK, Found: found, Means: means})
}

func (l *list) warn(name, found, means, do string) {
	*l = append(*l, Check{Name: name, Level: Warn, Found: found, Means: means, Do: do})
}

func (l *list) fail(name, found, means, do string) {
	*l = append(*l, Check{Name: name, Level: Fail, Found: found, Means: means, Do: do})
}
