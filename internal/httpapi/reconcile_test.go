package httpapi_test

import (
	"context"
	"strings"
	"testing"

	"fencepost/internal/httpapi"
	"fencepost/internal/reconcile"
)

// stubReconciler has one report.
type stubReconciler struct {
	last *reconcile.Report
	dry  []bool
}

func (s *stubReconciler) Last() *reconcile.Report { return s.last }

func (s *stubReconciler) Compare(_ context.Context, dry bool) reconcile.Report {
	s.dry = append(s.dry, dry)
	return *s.last
}

func TestComparisonIsReadByAnyoneAndMadeByWhoHasTheToken(t *testing.T) {
	r := &stubReconciler{}
	h := admin(&stubService{}, httpapi.AdminOptions{Token: token, Reconcile: r})
	if code, body := ask(t, h, "GET", "/v1/reconcile", "", ""); code != 404 ||
		!strings.Contains(body, "not compared") {
		t.Errorf("before the first: %d %s", code, body)
	}
	r.last = &reconcile.Report{Listed: true, Findings: []reconcile.Finding{{Kind: reconcile.Unknown}}}
	if code, body := ask(t, h, "GET", "/v1/reconcile", "", ""); code != 200 ||
		!strings.Contains(body, "unknown_order") {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := ask(t, h, "POST", "/v1/reconcile", "", ""); code != 401 || len(r.dry) != 0 {
		t.Errorf("without a token: %d, compared %v", code, r.dry)
	}
	for query, dry := range map[string]bool{"": false, "?dry_run=true": true, "?dry_run=false": false} {
		r.dry = nil
		if code, body := ask(t, h, "POST", "/v1/reconcile"+query, token, ""); code != 200 ||
			len(r.dry) != 1 || r.dry[0] != dry {
			t.Errorf("%q: %d %s, dry %v", query, code, body, r.dry)
		}
	}
	r.last = &reconcile.Report{Error: "away"}
	if code, body := ask(t, h, "POST", "/v1/reconcile", token, ""); code != 503 ||
		!strings.Contains(body, "away") {
		t.Errorf("%d %s", code, body)
	}
	without := admin(&stubService{}, httpapi.AdminOptions{})
	if code, _ := ask(t, without, "GET", "/v1/reconcile", "", ""); code != 404 {
		t.Errorf("without a reconciler: %d", code)
	}
}
