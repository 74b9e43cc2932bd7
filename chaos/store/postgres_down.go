package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"

	"fencepost/internal/testbed/rundir"
)

// Down takes the server down, until Up: in order, or as a crash does. A crash loses what was committed in
// memory only.
func (p *Postgres) Down(ctx context.Context, way Way) error {
	ctx, done := p.act(ctx, pgDownLimit)
	defer done()
	if err := p.takeDown(ctx, way); err != nil {
		return fmt.Errorf("take postgres down: %w", err)
	}
	return nil
}

func (p *Postgres) takeDown(ctx context.Context, way Way) error {
	p.mu.Lock()
	p.stalled, p.hung = false, false
	p.mu.Unlock()
	if way == Crash {
		return p.server.Crash()
	}
	return p.server.Shutdown(ctx)
}

// Up brings the server back on its address and returns when it answers. What hinders statements, such as
// ReadOnly, goes on as before. It may be called only while the server is down.
func (p *Postgres) Up(ctx context.Context) error {
	ctx, done := p.act(ctx, pgDownLimit)
	defer done()
	if len(p.PIDs()) > 0 {
		return errors.New("bring postgres up: it is not down")
	}
	if err := p.server.Restart(ctx); err != nil {
		return fmt.Errorf("bring postgres up: %w", err)
	}
	if p.past != nil && p.past.rewound {
		if err := p.audit.begin(ctx); err != nil {
			return fmt.Errorf("bring postgres up: %w", err)
		}
		p.past.rewound = false
	}
	if err := p.hinderAgain(ctx); err != nil {
		return fmt.Errorf("bring postgres up: %w", err)
	}
	return nil
}

// Await returns when the server accepts a connection, after KillBackends for example. It fails when ctx ends,
// or after ten seconds.
func (p *Postgres) Await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pgActLimit)
	defer cancel()
	probe := session{dsn: p.AdminDSN()}
	defer probe.close()
	if err := probe.do(ctx, func(*pgx.Conn) error { return nil }); err != nil {
		return fmt.Errorf("await postgres: %w", err)
	}
	return nil
}

// Stall suspends every process of the server: connections stay open and nothing answers, until Resume.
func (p *Postgres) Stall() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.server.Pause(); err != nil {
		return fmt.Errorf("stall postgres: %w", err)
	}
	p.stalled = true
	return nil
}

// Resume ends Stall. The postmaster stays suspended if HangPostmaster has asked for it. A server that went
// down meanwhile has nothing to resume.
func (p *Postgres) Resume() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = false
	return p.wake()
}

// HangPostmaster suspends the postmaster alone: sessions live on, and whoever asks for a new one hears
// nothing, until ResumePostmaster.
func (p *Postgres) HangPostmaster() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	pids := p.PIDs()
	if len(pids) == 0 {
		return errors.New("hang postmaster: the server is down")
	}
	if err := rundir.Signal(pids[:1], unix.SIGSTOP); err != nil {
		return fmt.Errorf("hang postmaster: %w", err)
	}
	p.hung = true
	return nil
}

// ResumePostmaster ends HangPostmaster. It stays suspended with the others if Stall has asked for it.
func (p *Postgres) ResumePostmaster() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hung = false
	return p.wake()
}

// wake lets those processes go on that nobody wants suspended.
func (p *Postgres) wake() error {
	pids := p.PIDs()
	if p.stalled || len(pids) == 0 {
		return nil
	}
	if p.hung {
		pids = pids[1:]
	}
	if err := rundir.Signal(pids, unix.SIGCONT); err != nil {
		return fmt.Errorf("resume postgres: %w", err)
	}
	return nil
}
