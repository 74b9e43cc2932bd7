package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"fencepost/core"
	"fencepost/internal/clock"
	"fencepost/internal/seam"
)

// testCommands opens what a test needs.
func (a *admin) testCommands(mux *http.ServeMux, seams *seam.Switch, shifted *clock.Shifted) {
	mux.HandleFunc("GET /test/points", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, seams.Passages())
	})
	mux.HandleFunc("POST /test/hold", a.command(func(w http.ResponseWriter, r *http.Request) {
		hold(w, r, seams)
	}))
	mux.HandleFunc("DELETE /test/hold", a.command(func(w http.ResponseWriter, r *http.Request) {
		if point := r.URL.Query().Get("point"); point != "" {
			seams.Release(point)
		} else {
			seams.ReleaseAll()
		}
		answer(w, http.StatusOK, seams.Passages())
	}))
	mux.HandleFunc("GET /test/clock", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, clockOf(shifted))
	})
	mux.HandleFunc("POST /test/clock", a.command(func(w http.ResponseWriter, r *http.Request) {
		move(w, r, shifted)
	}))
}

// hold makes what comes to a point wait there.
func hold(w http.ResponseWriter, r *http.Request, seams *seam.Switch) {
	var asked struct {
		Point string `json:"point"`
		Skip  int    `json:"skip"`
		Nth   int    `json:"nth"`
		Count int    `json:"count"`
		For   span   `json:"for"`
	}
	if !decode(w, r, &asked) {
		return
	}
	err := seams.Hold(seam.Hold{
		Point: asked.Point, Skip: asked.Skip, Nth: asked.Nth, Count: asked.Count,
		For: time.Duration(asked.For),
	})
	switch {
	case errors.Is(err, seam.ErrPassed):
		problem(w, http.StatusConflict, err.Error())
	case err != nil:
		problem(w, http.StatusBadRequest, err.Error())
	default:
		answer(w, http.StatusOK, seams.Passages())
	}
}

// move changes the clock.
func move(w http.ResponseWriter, r *http.Request, shifted *clock.Shifted) {
	var asked struct {
		Jump     span   `json:"jump"`
		DriftPPM *int64 `json:"drift_ppm"`
		Suspend  span   `json:"suspend"`
		Slept    span   `json:"slept"`
	}
	if !decode(w, r, &asked) {
		return
	}
	shifted.Move(clock.Move{
		Jump: time.Duration(asked.Jump), DriftPPM: asked.DriftPPM, Suspend: time.Duration(asked.Suspend),
		Slept: time.Duration(asked.Slept),
	})
	answer(w, http.StatusOK, clockOf(shifted))
}

// readings are those of one clock, in nanoseconds.
type readings struct {
	Boot core.Time `json:"boot"`
	Mono core.Time `json:"mono"`
	Wall core.Time `json:"wall"`
}

// line is the node's clock and, beneath it, the machine's at the same instant.
type line struct {
	readings
	True readings `json:"true"`
}

func lineOf(l clock.Line) line {
	return line{readings: readings(l.Shown), True: readings(l.True)}
}

// clockOf returns what the clock shows now, and the readings at its last
// change: since then it runs on a straight line, drift_ppm faster than the
// machine's.
func clockOf(shifted *clock.Shifted) any {
	since, now := shifted.Reading()
	return struct {
		line
		DriftPPM int64 `json:"drift_ppm"`
		Since    line  `json:"since"`
	}{line: lineOf(now), DriftPPM: now.PPM, Since: lineOf(since)}
}

// span is a time span that is written with its unit.
type span time.Duration

// UnmarshalText reads the span.
func (s *span) UnmarshalText(text []byte) error {
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q: a span is written with its unit, like 250ms", text)
	}
	*s = span(d)
	return nil
}
