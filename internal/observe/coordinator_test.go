package observe

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/internal/config"
	"fencepost/internal/driver"
)

// A rate over the life of the process would need 76 minutes of outage after a
// healthy day before it showed 5 %.
func TestFailureRateForgetsAHealthyDay(t *testing.T) {
	o, _, clock := observerAt(config.LevelError)
	for range 28_800 {
		o.Called(core.Heartbeat, time.Millisecond, nil)
		clock.pass(3 * time.Second)
	}
	for range 10 {
		o.Called(core.Heartbeat, 11*time.Millisecond, errors.New("no answer"))
		clock.pass(3 * time.Second)
	}
	o.Called(core.Fetch, time.Hour, errors.New("is no synchronisation"))
	m := o.Coordinator()
	if m.DBSyncSuccess != 28_800 || m.DBSyncFailure != 10 || m.DBSyncFailureRate != 0.1 ||
		m.DBSyncAvgLatencyMS != 2 || m.LastHeartbeat == nil {
		t.Errorf("%+v", m)
	}
	if hour := m.Windows["1h"]; hour.DBSyncFailure != 10 || hour.DBSyncSuccess != 1190 {
		t.Errorf("an hour: %+v", hour)
	}
	clock.pass(5 * time.Minute)
	if m := o.Coordinator(); m.DBSyncFailureRate != 0 || m.DBSyncFailure != 10 {
		t.Errorf("five minutes later: %+v", m)
	}
}

func TestPercentilesAreValuesThatWereMeasured(t *testing.T) {
	o, _, clock := observerAt(config.LevelError)
	for i := range 100 {
		o.Called(core.Heartbeat, time.Duration(100-i)*time.Millisecond, nil)
	}
	w := o.Coordinator().Windows["5m"]
	if w.DBSyncP50LatencyMS != 50 || w.DBSyncP95LatencyMS != 95 || w.DBSyncP99LatencyMS != 99 ||
		w.DBSyncAvgLatencyMS != 50.5 {
		t.Errorf("%+v", w)
	}
	clock.pass(time.Minute)
	o.Called(core.Heartbeat, time.Second, nil)
	if w := o.Coordinator().Windows["5m"]; w.DBSyncP99LatencyMS != 100 {
		t.Errorf("101 measured: %+v", w)
	}
	clock.pass(4*time.Minute + time.Millisecond)
	if w := o.Coordinator().Windows["5m"]; w.DBSyncP50LatencyMS != 1000 || w.DBSyncSuccess != 1 {
		t.Errorf("one is left: %+v", w)
	}
	if w := o.Coordinator().Windows["1h"]; w.DBSyncSuccess != 101 {
		t.Errorf("an hour: %+v", w)
	}
}

// A window that remembers without bound would be a leak.
func TestWindowHoldsABoundedNumber(t *testing.T) {
	o, _, clock := observerAt(config.LevelError)
	for range 3 * mostSyncs {
		o.Called(core.Heartbeat, time.Millisecond, nil)
		o.Announce(&driver.Announcement{
			Now: clock.now, Effect: core.Effect{Event: event.LeaderElected},
		})
	}
	w := o.Coordinator().Windows["1h"]
	if w.DBSyncSuccess != mostSyncs || w.LeadershipChanges != mostChanges {
		t.Errorf("%+v", w)
	}
}

func TestAlertsFollowTheirThresholds(t *testing.T) {
	for _, c := range []struct {
		what string
		play func(o *Observer, clock *hand)
		want Alerts
	}{
		{"all is well", func(*Observer, *hand) {}, Alerts{AlertOK, AlertOK, AlertOK}},
		{"5 % of failures", fails(19, 1), Alerts{AlertOK, AlertOK, AlertOK}},
		{"more than 5 %", fails(18, 1), Alerts{AlertWarning, AlertOK, AlertOK}},
		{"10 %", fails(18, 2), Alerts{AlertWarning, AlertOK, AlertOK}},
		{"more than 10 %", fails(8, 1), Alerts{AlertCritical, AlertOK, AlertOK}},
		{"3 changes", changes(3), Alerts{AlertOK, AlertOK, AlertOK}},
		{"4 changes", changes(4), Alerts{AlertOK, AlertWarning, AlertOK}},
		{"11 changes", changes(11), Alerts{AlertOK, AlertCritical, AlertOK}},
		{"30 s of silence", silence(30 * time.Second), Alerts{AlertOK, AlertOK, AlertOK}},
		{"31 s of silence", silence(31 * time.Second), Alerts{AlertOK, AlertOK, AlertWarning}},
		{"61 s of silence", silence(61 * time.Second), Alerts{AlertOK, AlertOK, AlertCritical}},
		{"never a heartbeat", never(2 * time.Minute), Alerts{AlertOK, AlertOK, AlertCritical}},
	} {
		o, _, clock := observerAt(config.LevelError)
		c.play(o, clock)
		m := o.Coordinator()
		if m.AlertsBy != c.want || m.Alerts != c.want.worst() {
			t.Errorf("%s: %v of %v", c.what, m.Alerts, m.AlertsBy)
		}
	}
	if (Alerts{AlertWarning, AlertOK, AlertCritical}).worst() != AlertCritical ||
		(Alerts{AlertOK, AlertWarning, AlertOK}).worst() != AlertWarning {
		t.Error("the worst is another")
	}
}

func fails(good, bad int) func(*Observer, *hand) {
	return func(o *Observer, _ *hand) {
		for range bad {
			o.Called(core.Heartbeat, time.Millisecond, errors.New("no answer"))
		}
		for range good {
			o.Called(core.Heartbeat, time.Millisecond, nil)
		}
	}
}

func changes(n int) func(*Observer, *hand) {
	return func(o *Observer, clock *hand) {
		// One of long ago does not count.
		o.Announce(&driver.Announcement{Now: core.Now{}, Effect: core.Effect{Event: event.LeaderElected}})
		clock.pass(time.Second)
		for range n {
			o.Announce(&driver.Announcement{
				Now: clock.now, Effect: core.Effect{Event: event.LeaderSteppedDown},
			})
		}
	}
}

func never(d time.Duration) func(*Observer, *hand) {
	return func(_ *Observer, clock *hand) { clock.pass(d) }
}

func silence(d time.Duration) func(*Observer, *hand) {
	return func(o *Observer, clock *hand) {
		clock.pass(time.Hour)
		o.Called(core.Heartbeat, time.Millisecond, nil)
		clock.pass(d)
	}
}

func TestCoordinatorMetricsHaveTheNamesThatDashboardsKnow(t *testing.T) {
	o, _ := observer(config.LevelError)
	text, err := json.Marshal(o.Coordinator())
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	names := []string{
		"db_sync_success", "db_sync_failure", "db_sync_failure_rate", "db_sync_avg_latency_ms",
		"leadership_changes", "last_heartbeat", "current_leader_redis", "current_leader_db", "this_instance",
		"is_leader", "heartbeat_running", "tenure", "barred", "windows", "heartbeat_age_seconds", "alerts",
		"alerts_by",
	}
	for _, name := range names {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if len(got) != len(names) {
		t.Errorf("%d names, want %d", len(got), len(names))
	}
	if got["alerts"] != "OK" {
		t.Errorf("alerts: %v", got["alerts"])
	}
}
