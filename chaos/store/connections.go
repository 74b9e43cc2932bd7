package store

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Connections counts the connections of clients at the primary, the harness's own among them; a replica, and
// who listens to MONITOR, are none. It waits for no act, and fails while the server does not answer.
func (r *Redis) Connections(ctx context.Context) (int, error) {
	r.mu.Lock()
	primary := r.primary
	r.mu.Unlock()
	text, err := primary.client.Do(ctx, "CLIENT", "LIST", "TYPE", "normal").Text()
	if err != nil {
		return 0, fmt.Errorf("list redis's clients: %w", err)
	}
	count := 0
	for lines := bufio.NewScanner(strings.NewReader(text)); lines.Scan(); {
		if line := lines.Text(); line != "" && !strings.Contains(line, " cmd=monitor ") {
			count++
		}
	}
	return count, nil
}

// Connections counts the sessions of the service's role. It waits for no act, and fails while the server does
// not answer.
func (p *Postgres) Connections(ctx context.Context) (count int, err error) {
	err = p.admin.do(ctx, func(conn *pgx.Conn) error {
		const sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1"
		return conn.QueryRow(ctx, sql, serviceRole).Scan(&count)
	})
	if err != nil {
		return 0, fmt.Errorf("count postgres's sessions: %w", err)
	}
	return count, nil
}
