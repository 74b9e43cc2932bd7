package httpapi

import (
	"context"
	"net/http"

	"fencepost/internal/reconcile"
)

// Reconciler compares the broker's book with the ledger. A comparison is bounded by
// itself.
type Reconciler interface {
	// Last returns the report of this instance's last comparison, nil if there was
	// none.
	Last() *reconcile.Report
	// Compare compares now. Unless dry is set it writes down what it finds, and halts
	// if that is an order that the ledger does not know.
	Compare(ctx context.Context, dry bool) reconcile.Report
}

// reconciles adds the routes of the comparison.
func (a *admin) reconciles(mux *http.ServeMux, r Reconciler) {
	mux.HandleFunc("GET /v1/reconcile", func(w http.ResponseWriter, _ *http.Request) {
		last := r.Last()
		if last == nil {
			problem(w, http.StatusNotFound, "this instance has not compared yet; the leader does, by itself")
			return
		}
		answer(w, http.StatusOK, last)
	})
	mux.HandleFunc("POST /v1/reconcile", a.command(func(w http.ResponseWriter, q *http.Request) {
		dry := q.URL.Query().Get("dry_run")
		if dry != "" && dry != "true" && dry != "false" {
			problem(w, http.StatusBadRequest, "dry_run: true or false")
			return
		}
		report := r.Compare(q.Context(), dry == "true")
		code := http.StatusOK
		if report.Error != "" {
			// What was found so far stands in the answer all the same.
			code = http.StatusServiceUnavailable
		}
		answer(w, code, report)
	}))
}
