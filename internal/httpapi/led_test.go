package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"fencepost/internal/httpapi"
	"fencepost/internal/pgledger"
)

// ledService answers who led.
type ledService struct {
	stubService
	from, to time.Time
	err      error
}

func (s *ledService) Led(_ context.Context, from, to time.Time) ([]pgledger.Led, error) {
	s.from, s.to = from, to
	return []pgledger.Led{{From: from, To: to}}, s.err
}

func TestWhoLedIsAskedForWithInstants(t *testing.T) {
	s := &ledService{}
	h := httpapi.Admin(s, httpapi.AdminOptions{Metrics: http.NotFoundHandler()})
	const path = "/v1/leadership-history"
	code, body := ask(t, h, "GET", path+"?from=2026-01-05T14:00:00Z&to=2026-01-05T15:00:00%2B01:00", "", "")
	if code != 200 || !strings.Contains(body, `"instance_id":null`) {
		t.Errorf("%d %s", code, body)
	}
	if s.from.Hour() != 14 || s.to.UTC().Hour() != 14 {
		t.Errorf("asked from %v to %v", s.from, s.to)
	}
	if code, _ := ask(t, h, "GET", path+"?from=2026-01-05T14:00:00Z", "", ""); code != 200 || !s.to.IsZero() {
		t.Errorf("without an end: %d, to %v", code, s.to)
	}
	for _, query := range []string{
		"?from=14:00", "?to=2026-01-05T15:00:00Z",
		"?from=2026-01-05T14:00:00Z&to=x",
	} {
		if code, _ := ask(t, h, "GET", path+query, "", ""); code != 400 {
			t.Errorf("%s: %d", query, code)
		}
	}
	for err, want := range map[error]int{
		pgledger.ErrNoTime: 400, fmt.Errorf("many: %w", pgledger.ErrTooMany): 400, errors.New("away"): 503,
	} {
		s.err = err
		if code, _ := ask(t, h, "GET", path+"?from=2026-01-05T14:00:00Z", "", ""); code != want {
			t.Errorf("%v: %d", err, code)
		}
	}
}
