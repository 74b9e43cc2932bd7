package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"fencepost/internal/clock"
	"fencepost/internal/seam"
)

// testCommands opens what a test needs.
func (a *admin) testCommands(mux *http.ServeMux, seams *seam.Switch, shifted *clock.Shifted) {
	mux.HandleFunc("GET /test/points", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, seams.Passages())
	})
	mux.HandleFunc("POST /test/hold", a.command(func(w http.ResponseWriter, r *http.Request) {
		var hold struct {
			Point string `json:"point"`
			Skip  int    `json:"skip"`
			Count int    `json:"count"`
			For   span   `json:"for"`
		}
		if !decode(w, r, &hold) {
			return
		}
		err := seams.Hold(seam.Hold{
			Point: hold.Point, Skip: hold.Skip, Count: hold.Count, For: time.Duration(hold.For),
		})
		if err != nil {
			problem(w, http.StatusBadRequest, err.Error())
			return
		}
		answer(w, http.StatusOK, seams.Passages())
	}))
	mux.HandleFunc("DELETE /test/hold", a.command(func(w http.ResponseWriter, r *http.Request) {
		if point := r.URL.Query().Get("point"); point != "" {
			seams.Release(point)
		} else {
			seams.ReleaseAll()
		}
		answer(w, http.StatusOK, seams.Passages())
	}))
	mux.HandleFunc("POST /test/clock", a.command(func(w http.ResponseWriter, r *http.Request) {
		var move struct {
			Jump     *span  `json:"jump"`
			DriftPPM *int64 `json:"drift_ppm"`
			Suspend  *span  `json:"suspend"`
		}
		if !decode(w, r, &move) {
			return
		}
		if move.Jump != nil {
			shifted.Jump(time.Duration(*move.Jump))
		}
		if move.DriftPPM != nil {
			shifted.Drift(*move.DriftPPM)
		}
		if move.Suspend != nil {
			shifted.Suspend(time.Duration(*move.Suspend))
		}
		now := shifted.Now()
		answer(w, http.StatusOK, map[string]any{"boot": now.Boot, "mono": now.Mono, "wall": now.Wall})
	}))
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
