package fencepost_test

import (
	"strings"
	"testing"

	"fencepost/internal/pgledger"
)

// A sender that corrects an order under the same id is told "no" for good, whether the
// ledger has found it out or a signed webhook's id has: a person is told of each signal.
func TestRefusedCorrectionReachesPeople(t *testing.T) {
	s := newStage(t)
	p := s.serve("blue-1", nil)
	corrected := func(id string) string { return strings.Replace(aSignal(id), `"lots":1`, `"lots":2`, 1) }
	until(t, "the ledger answers", func() bool {
		code, _ := p.webhook(token, aSignal("a"))
		return code == 202
	})
	for range 3 {
		if code, body := p.webhook(token, corrected("a")); code != 409 {
			t.Fatalf("%d %s", code, body)
		}
	}
	if code, body := p.webhook(signedToken, aSignal("b"), isSigned(t, "m-1", aSignal("b"))...); code != 202 {
		t.Fatalf("%d %s", code, body)
	}
	code, body := p.webhook(signedToken, corrected("c"), isSigned(t, "m-1", corrected("c"))...)
	if code != 409 || !strings.Contains(body, "webhook-id") {
		t.Fatalf("%d %s", code, body)
	}
	ledger, err := pgledger.Open(pgledger.Options{DSN: s.dsn, Group: "default"})
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	var alerts []string
	until(t, "both are told", func() bool {
		list, err := ledger.Notices(t.Context(), []string{"pending"}, 99)
		if err != nil {
			t.Fatal(err)
		}
		alerts = nil
		for _, n := range list {
			if n.Kind == pgledger.NoticeAlert {
				alerts = append(alerts, n.Message)
			}
		}
		return len(alerts) >= 2
	})
	if len(alerts) != 2 || !strings.Contains(alerts[1], "(a, BASE_ENTRY X, from test)") ||
		!strings.Contains(alerts[0], "(b, BASE_ENTRY X, from signed)") {
		t.Errorf("%q", alerts)
	}
}
