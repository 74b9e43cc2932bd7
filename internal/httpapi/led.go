package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"fencepost/internal/pgledger"
)

// led answers who led between two instants.
func (a *admin) led(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	from, err := time.Parse(time.RFC3339, r.URL.Query().Get("from"))
	if err != nil {
		problem(w, http.StatusBadRequest, "from: must be an instant like 2026-01-05T14:00:00Z")
		return
	}
	var to time.Time
	if text := r.URL.Query().Get("to"); text != "" {
		if to, err = time.Parse(time.RFC3339, text); err != nil {
			problem(w, http.StatusBadRequest, "to: must be an instant like 2026-01-05T15:00:00Z")
			return
		}
	}
	list, err := a.service.Led(ctx, from, to)
	if errors.Is(err, pgledger.ErrNoTime) || errors.Is(err, pgledger.ErrTooMany) {
		problem(w, http.StatusBadRequest, err.Error())
		return
	}
	read(w, list, err)
}
