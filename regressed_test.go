package fencepost_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"fencepost"
	"fencepost/internal/testbed"
)

// vault keeps an older copy of the stage's database, and can put it back.
type vault struct {
	s    *stage
	name string
}

// copied takes a copy of the database as it is now.
func (s *stage) copied() *vault {
	s.t.Helper()
	address, err := url.Parse(s.dsn)
	if err != nil {
		s.t.Fatal(err)
	}
	v := &vault{s: s, name: strings.TrimPrefix(address.Path, "/")}
	v.alone(`CREATE DATABASE ` + v.name + `_copy TEMPLATE ` + v.name)
	return v
}

// restore puts the copy in the place of the database, which is gone.
func (v *vault) restore() {
	v.s.t.Helper()
	v.alone(`DROP DATABASE `+v.name, `ALTER DATABASE `+v.name+`_copy RENAME TO `+v.name)
}

// alone runs statements while nobody else has a session in the database.
func (v *vault) alone(statements ...string) {
	v.s.t.Helper()
	ctx, cancel := context.WithTimeout(v.s.t.Context(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, testbed.PostgresServer(v.s.t).DSN("postgres"))
	if err != nil {
		v.s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	all := append([]string{`ALTER DATABASE ` + v.name + ` ALLOW_CONNECTIONS false`}, statements...)
	for _, text := range append(all, `ALTER DATABASE `+v.name+` ALLOW_CONNECTIONS true`) {
		if err := v.undisturbed(ctx, conn, text); err != nil {
			v.s.t.Fatalf("%s: %v", text, err)
		}
	}
}

// undisturbed runs a statement, and ends sessions of the database until none is in its way: one that was
// being let in when the doors closed appears late.
func (v *vault) undisturbed(ctx context.Context, conn *pgx.Conn, text string) error {
	for {
		_, err := conn.Exec(ctx,
			`SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1`, v.name)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, text)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != "55006" { // object_in_use
			return err
		}
	}
}

// withoutComparing leaves the broker's book alone. An order that an older copy does
// not know halts a group that compares in time, and the next signal waits.
func withoutComparing(c *fencepost.Config) { c.Reconcile.Interval = 0 }

// PostgreSQL is restored from an older copy under a running group: whatever it
// has forgotten may have been executed, so that nobody goes on before a person
// has looked.
func TestRealLedgerThatWentBackInTimeStopsEveryInstanceUntilItIsAccepted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	all := s.trio(withoutComparing)
	s.executes(all[0], "s-1")
	older := s.copied()
	until(t, "somebody leads after the copy was taken", func() bool { return leaderOf(all) != nil })
	first := leaderOf(all).Status().Epoch
	if err := leaderOf(all).Resign(t.Context()); err != nil {
		t.Fatal(err)
	}
	var leader *instance
	until(t, "another leads", func() bool {
		leader = leaderOf(all)
		return leader != nil && leader.Status().Epoch > first
	})
	s.executes(leader, "s-2")
	until(t, "Redis remembers the epoch", func() bool {
		found := leader.Authority(t.Context())
		return found.Witness != nil && *found.Witness == leader.Status().Epoch && !found.Regressed
	})
	witness := leader.Status().Epoch
	older.restore()
	until(t, "all are barred", func() bool {
		for _, i := range all {
			if !i.Status().Barred {
				return false
			}
		}
		return true
	})
	all[0].tellsOnce("authority_regressed")
	until(t, "s-3 is stored", func() bool { code, _ := all[1].webhook(entry("s-3")); return code == 202 })
	orders, since := len(s.desk.Book.Orders()), time.Now()
	until(t, "three ttl have passed", func() bool {
		for _, i := range all {
			if got := i.Status(); got.IsLeader || !got.Barred || got.Eligible {
				t.Fatalf("%s: %+v", i.name, got)
			}
		}
		return time.Since(since) > 3*time.Second
	})
	if state := all[0].state("s-3"); state != "received" || len(s.desk.Book.Orders()) != orders {
		t.Errorf("s-3 is %s, %d orders more", state, len(s.desk.Book.Orders())-orders)
	}
	s.showsTheRegression(all, witness)

	code, body := all[2].admin("POST", "/v1/authority/accept", `{"by":"ops","reason":"restored on purpose"}`)
	if code != 200 || !strings.Contains(body, `"accepted":1`) {
		t.Fatalf("%d %s", code, body)
	}
	until(t, "somebody leads again", func() bool { leader = leaderOf(all); return leader != nil })
	if epoch := leader.Status().Epoch; epoch <= witness {
		t.Errorf("leads under epoch %d, which was used up to %d", epoch, witness)
	}
	until(t, "s-3 is executed", func() bool { return leader.state("s-3") == "executed" })
	until(t, "all take part again", func() bool {
		for _, i := range all {
			if got := i.Status(); got.Barred || !got.Ready {
				return false
			}
		}
		return true
	})
	found := leader.Authority(t.Context())
	if last := found.Ledger.LastAcceptance; found.Regressed || last == nil || last.By != "ops" ||
		last.EpochLeft != witness {
		t.Errorf("%+v, last %+v", found.Ledger, last)
	}
}

// tellsOnce waits until the outbox holds one notification of the kind.
func (i *instance) tellsOnce(kind string) {
	i.t.Helper()
	until(i.t, "the outbox tells it once", func() bool {
		told := 0
		list, err := i.Notices(i.t.Context(), []string{"pending"}, 100)
		for at := range list {
			if list[at].Kind == kind {
				told++
			}
		}
		return err == nil && told == 1
	})
}

// showsTheRegression demands that every way of looking tells of it.
func (s *stage) showsTheRegression(all []*instance, witness uint64) {
	s.t.Helper()
	for _, i := range all {
		code, body := i.admin("GET", "/readyz", "")
		if code != 503 || !strings.Contains(body, `"barred"`) {
			s.t.Errorf("%s is ready: %d %s", i.name, code, body)
		}
		if code, body = i.admin("GET", "/metrics", ""); !strings.Contains(body, "fencepost_barred{") ||
			strings.Contains(body, `fencepost_barred{group="default",instance_id="`+i.name+`"} 0`) {
			s.t.Errorf("%s: metrics %d do not tell", i.name, code)
		}
		if !i.Metrics().Barred {
			s.t.Errorf("%s: %+v", i.name, i.Metrics())
		}
		log := i.log.String()
		if strings.Count(log, "event=authority.regressed") != 1 ||
			!strings.Contains(log, "fencepost authority accept --reason") {
			s.t.Errorf("%s does not say what to do, once", i.name)
		}
	}
	found := all[0].Authority(s.t.Context())
	if !found.Regressed || *found.Witness != witness || uint64(found.Ledger.Epoch) >= witness {
		s.t.Errorf("%+v", found)
	}
	_, err := all[0].AcceptAuthority(s.t.Context(), fencepost.Acceptance{By: "ops"})
	if err == nil || !all[0].Status().Barred {
		s.t.Errorf("accepted without a reason: %v", err)
	}
}
