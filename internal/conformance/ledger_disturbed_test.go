package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/chaos/store"
	"fencepost/core"
	"fencepost/core/inbox"
)

// disturbedBed lies on a server of its own, which is killed, and the processes
// reach it over a link.
type disturbedBed struct {
	*bed
	server *store.Postgres
	proxy  proxy
	// up is what the server says itself of when it came up and when it made its
	// memory anew, by its own clock.
	up signs
}

// signs are what a server tells of its past.
type signs struct{ started, reset time.Time }

// grantSQL lets the service's role into the schema.
const grantSQL = `
GRANT USAGE ON SCHEMA conformance TO fencepost;
GRANT ALL ON ALL TABLES IN SCHEMA conformance TO fencepost;
GRANT ALL ON ALL SEQUENCES IN SCHEMA conformance TO fencepost`

// auditedSQL sets the audit's triggers on the tables of the schema as well.
const auditedSQL = `
DO $$
DECLARE
    definition text;
BEGIN
    FOR definition IN SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = 'audit'
    LOOP
        EXECUTE replace(definition, ' ON public.', ' ON conformance.');
    END LOOP;
END $$`

// newDisturbedBed starts the server. A commit in memory stays there until
// something durable is committed: whether a crash loses it is then not chance.
func newDisturbedBed(t testing.TB) *disturbedBed {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	server, err := store.StartPostgres(ctx, store.PostgresOptions{
		Group: "test", Settings: map[string]string{"wal_writer_delay": "10s", "wal_writer_flush_after": "0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	b, err := makeBed(server.AdminDSN())
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{grantSQL, auditedSQL} {
		if _, err := b.admin.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	d := &disturbedBed{bed: b, server: server, proxy: newProxy(t, link.Postgres, server.Addr())}
	if err := b.open(server.DSNAt(d.proxy.Addr()) + searchPath); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for nonce, l := range b.ledgers {
			l.Close()
			b.several[nonce].Close()
		}
		_ = b.admin.Close(ctx)
	})
	if d.up, err = d.signs(ctx); err != nil {
		t.Fatal(err)
	}
	return d
}

// signs asks the server for what it tells of its past.
func (d *disturbedBed) signs(ctx context.Context) (s signs, err error) {
	err = d.admin.QueryRow(ctx, `SELECT pg_catalog.pg_postmaster_start_time(), stats_reset
		FROM pg_catalog.pg_stat_bgwriter`).Scan(&s.started, &s.reset)
	return s, err
}

// mishap carries out an effect of which the process learns nothing.
func (d *disturbedBed) mishap(r *realLedger, how mishap, who process, e core.Effect) error {
	r.translate(&e)
	err := d.proxy.lose(how, e.Op, func(limit time.Duration) error {
		e.Timeout = limit
		return d.ledgers[who.nonce].Call(r.ctx, &e, func(*core.Input) {})
	})
	return errors.Join(err, d.calm(r.ctx))
}

// admitMishap is mishap for a signal. What became of it is told by who knows.
func (d *disturbedBed) admitMishap(
	r *realLedger, how mishap, o offer, became inbox.Admission,
) error {
	err := d.proxy.lose(how, core.Admit, func(limit time.Duration) error {
		ctx, cancel := context.WithTimeout(r.ctx, max(limit, silence))
		if limit == 0 {
			ctx, cancel = context.WithCancel(r.ctx)
		}
		defer cancel()
		_, err := d.ledgers[n1.nonce].Admit(ctx, r.offer(o))
		return err
	})
	return errors.Join(err, d.calm(r.ctx), r.admitted(became))
}

// calm returns when every process reaches the ledger with its connections for
// leadership and with those for work.
func (d *disturbedBed) calm(ctx context.Context) error {
	for _, l := range d.ledgers {
		for _, e := range []core.Effect{{Op: core.Observe}, {Op: core.Reread}} {
			err := calm(func() error { return l.Call(ctx, &e, func(*core.Input) {}) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// misfortune is what befalls the server.
type misfortune uint8

// The misfortunes: every process of it is killed; one backend is; it restarts
// in order; the sessions of the service are ended.
const (
	crashed misfortune = iota
	backendKilled
	restarted
	sessionsEnded
)

// String says what happened.
func (m misfortune) String() string {
	switch m {
	case crashed:
		return "the server crashes"
	case backendKilled:
		return "a backend is killed"
	case restarted:
		return "the server restarts in order"
	case sessionsEnded:
		return "every session is ended"
	default:
		return "nothing"
	}
}

// befall makes it happen, waits until everybody is served again, and sets the
// schema's clock by what the server itself tells of its past.
func (d *disturbedBed) befall(r *realLedger, what misfortune) error {
	ctx, cancel := context.WithTimeout(r.ctx, time.Minute)
	defer cancel()
	var err error
	switch what {
	case crashed, restarted:
		way := store.Crash
		if what == restarted {
			way = store.Orderly
		}
		if err = d.server.Down(ctx, way); err == nil {
			err = d.server.Up(ctx)
		}
	case backendKilled:
		err = d.server.KillBackends(ctx, true)
	case sessionsEnded:
		err = d.server.KillBackends(ctx, false)
	}
	if err != nil {
		return err
	}
	if what == sessionsEnded {
		return d.calm(ctx)
	}
	// The backend's death is noticed when the postmaster gets to it.
	err = calm(func() error {
		if err := d.connect(ctx); err != nil {
			return err
		}
		now, err := d.signs(ctx)
		if err == nil && now == d.up {
			return fmt.Errorf("%v, and it tells of nothing: %+v", what, now)
		}
		if !now.started.Equal(d.up.started) {
			r.started = r.now
		}
		if !now.reset.Equal(d.up.reset) {
			r.reset = r.now
		}
		d.up = now
		return err
	})
	return errors.Join(err, r.setClock(), r.pinID(), d.calm(ctx))
}

// doInVain lets an operation meet its mishap. If it was carried out, the model
// carries it out, and nobody hears the answer.
func (p *pair) doInVain(who process, e core.Effect) {
	p.t.Helper()
	how := *p.armed
	p.asked = append(p.asked, fmt.Sprintf("%s, and %v", describe(who, e), how))
	p.mishap(how, e.Op, func(b *disturbedBed) error {
		if how == answerLost {
			p.model.carryOut(who, e)
		}
		return b.mishap(p.real, how, who, e)
	})
}

// admitInVain is doInVain for a signal.
func (p *pair) admitInVain(what string, o offer) {
	p.t.Helper()
	how := *p.armed
	p.asked = append(p.asked, fmt.Sprintf("%s, and %v", what, how))
	p.mishap(how, core.Admit, func(b *disturbedBed) error {
		became := inbox.AdmissionUnknown
		if how == answerLost {
			a, _ := p.model.admit(o)
			became = a.admission
		}
		return b.admitMishap(p.real, how, o, became)
	})
}
