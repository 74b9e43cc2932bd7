package fencepost_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"fencepost"
)

// asked sends a GET to the handler of an instance.
func asked(t *testing.T, k *fencepost.Coordinator, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	k.AdminHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// Nobody listens at either store's address, and nothing has run: whatever waited for
// a store would fail here.
func TestProbesAndScrapesAskNoStore(t *testing.T) {
	t.Parallel()
	c := fencepost.DefaultConfig()
	c.InstanceID, c.Production = "n1", false
	c.Postgres.DSN, c.Redis.Addr = "postgres://nobody@127.0.0.1:1/none", "127.0.0.1:1"
	c.Broker.URL, c.Broker.Class = "http://127.0.0.1:1", "A"
	k, err := fencepost.New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	if code, body := asked(t, k, "/livez"); code != http.StatusOK {
		t.Errorf("/livez: %d %s", code, body)
	}
	code, body := asked(t, k, "/readyz")
	if code != http.StatusServiceUnavailable || !strings.Contains(body, `"postgres"`) ||
		strings.Contains(body, `"redis"`) {
		t.Errorf("/readyz: %d %s", code, body)
	}
	code, body = asked(t, k, "/metrics")
	if code != http.StatusOK || !strings.Contains(body, "fencepost_ready{") {
		t.Errorf("/metrics: %d %s", code, body)
	}
	if strings.Contains(body, "\nfencepost_signals{") {
		t.Error("signals of a ledger that was never read are shown as none")
	}
	for line := range strings.Lines(body) {
		if !strings.HasPrefix(line, "#") && !strings.Contains(line, `group="default"`) {
			t.Errorf("without its group: %s", line)
		}
	}
}

func TestRealMetricsShowTheGroupAndTheLedger(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	i := s.start("blue-1", nil)
	i.leads()
	s.executes(i, "s-1")
	want := []string{
		`fencepost_role{[^}]*role="leader"} 1`, `fencepost_leadership_changes_total{change="gained"[^}]*} 1`,
		`fencepost_signals{[^}]*state="received"} 0`, `fencepost_permits_total{[^}]*result="granted"[^}]*} 1`,
		`fencepost_broker_requests_total{[^}]*op="submit",outcome="(accepted|filled)"} 1`,
		`fencepost_control_mode{[^}]*mode="run"} 1`, `fencepost_store_reachable{[^}]*store="redis"} 1`,
		`fencepost_clock_offset_seconds{[^}]*store="postgres"} `,
		`fencepost_clock_offset_seconds{[^}]*store="redis"} `,
		`fencepost_leader_named{[^}]*store="postgres"} 1`, `fencepost_leader_mismatch{[^}]*} 0`,
		`fencepost_db_syncs_total{[^}]*result="success"} [1-9]`,
		`fencepost_build_info{[^}]*goversion="go[^}]*} 1`,
	}
	until(t, "all is shown", func() bool {
		_, body := asked(t, i.Coordinator, "/metrics")
		return len(want) == 0 || regexp.MustCompile(want[0]).MatchString(body) && func() bool {
			want = want[1:]
			return len(want) == 0
		}()
	})
	_, body := asked(t, i.Coordinator, "/metrics")
	for _, secret := range []string{token, adminToken} {
		if strings.Contains(body, secret) {
			t.Error("a secret is shown")
		}
	}
}
