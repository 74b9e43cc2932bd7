package pgledger_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"fencepost/internal/pgledger"
)

// ledHistory is an afternoon: n1 from 14:00 to 14:10, a lost epoch, n2 from
// 14:20 until n3 took over at 14:30, who still leads.
const ledHistory = `
INSERT INTO leadership_history (group_name, epoch, instance_id, token, kind, became_leader_at,
    released_leader_at,
    release_reason, fence_seq, release_fence_seq)
VALUES ('test', 1, 'n1', 'n1|1|1', 'redis', '2026-01-05 14:00Z', '2026-01-05 14:10Z', 'graceful_shutdown',
    1, 2),
       ('test', 2, 'ops', '', 'lost', '2026-01-05 14:12Z', '2026-01-05 14:12Z', 'lost', 3, 3),
       ('test', 3, 'n2', 'n2|1|1', 'pg', '2026-01-05 14:20Z', '2026-01-05 14:30Z', 'superseded', 4, 5),
       ('test', 4, 'n3', 'n3|1|1', 'redis', '2026-01-05 14:30Z', NULL, NULL, 5, NULL)`

func TestWhoLedBetweenTwoInstantsIsToldWithoutAGap(t *testing.T) {
	dsn := database(t)
	conn := connect(t, dsn)
	exec(t, conn, `SET session_replication_role = replica`)
	exec(t, conn, ledHistory)
	n1 := start(t, dsn, "n1")
	at := func(clock string) time.Time {
		moment, err := time.Parse("2006-01-02 15:04", "2026-01-05 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	for _, c := range []struct{ from, to, want string }{
		{
			"14:00", "15:00",
			"14:00 n1 1 graceful_shutdown, 14:10 nobody, 14:20 n2 3 superseded, 14:30 n3 4, 15:00",
		},
		{"13:50", "14:05", "13:50 nobody, 14:00 n1 1, 14:05"},
		{"14:05", "14:15", "14:05 n1 1 graceful_shutdown, 14:10 nobody, 14:15"},
		{"14:11", "14:19", "14:11 nobody, 14:19"},
		{"14:10", "14:20", "14:10 nobody, 14:20"},
		{"14:20", "14:30", "14:20 n2 3 superseded, 14:30"},
		{"16:00", "17:00", "16:00 n3 4, 17:00"},
		{"10:00", "11:00", "10:00 nobody, 11:00"},
	} {
		led, err := n1.Led(t.Context(), at(c.from), at(c.to))
		if err != nil {
			t.Fatal(err)
		}
		if got := spoken(led); got != c.want {
			t.Errorf("%s to %s:\n%s, want\n%s", c.from, c.to, got, c.want)
		}
	}
	if _, err := n1.Led(t.Context(), at("15:00"), at("14:00")); !errors.Is(err, pgledger.ErrNoTime) {
		t.Errorf("backwards: %v", err)
	}
	if _, err := n1.Led(t.Context(), time.Now().Add(time.Hour), time.Time{}); !errors.Is(err,
		pgledger.ErrNoTime) {
		t.Errorf("in the future: %v", err)
	}
	// The future is not told: the answer ends now.
	led, err := n1.Led(t.Context(), at("16:00"), time.Now().Add(24*time.Hour))
	if err != nil || len(led) != 1 || time.Until(led[0].To) > time.Minute {
		t.Errorf("up to tomorrow: %+v, %v", led, err)
	}
	exec(t, conn, `INSERT INTO leadership_history (group_name, epoch, instance_id, token, became_leader_at,
		released_leader_at, release_reason, fence_seq, release_fence_seq)
		SELECT 'test', n, 'n', 't', timestamptz '2025-01-05Z' + n * interval '1 s',
		       timestamptz '2025-01-05Z' + (n + 1) * interval '1 s', 'x', n, n FROM generate_series(10,
		           1011) n`)
	if _, err := n1.Led(t.Context(), at("14:00").AddDate(-2, 0, 0), at("14:00")); !errors.Is(err,
		pgledger.ErrTooMany) {
		t.Errorf("a thousand tenures: %v", err)
	}
}

// spoken writes an answer in short.
func spoken(led []pgledger.Led) string {
	var parts []string
	for i, s := range led {
		who := "nobody"
		if s.InstanceID != nil {
			who = strings.TrimSpace(*s.InstanceID + " " + string('0'+rune(s.Epoch)) + " " + s.Ended)
		}
		parts = append(parts, s.From.UTC().Format("15:04")+" "+who)
		if i+1 < len(led) && !led[i+1].From.Equal(s.To) {
			parts = append(parts, "a gap")
		}
	}
	return strings.Join(append(parts, led[len(led)-1].To.UTC().Format("15:04")), ", ")
}
