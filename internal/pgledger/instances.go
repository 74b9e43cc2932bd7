package pgledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost/core"
	"fencepost/internal/identity"
)

// Instance is one process that has told the ledger that it lives.
type Instance struct {
	InstanceID          string     `json:"instance_id"`
	StartedAt           time.Time  `json:"started_at"`
	LastHeartbeat       time.Time  `json:"last_heartbeat"`
	LastSignalProcessed *time.Time `json:"last_signal_processed"`
	IsLeader            bool       `json:"is_leader"`
	LeaderAcquiredAt    *time.Time `json:"leader_acquired_at"`
	Status              string     `json:"status"`
	Hostname            string     `json:"hostname"`
	Port                int        `json:"port"`
	Version             string     `json:"version"`
	CreatedAt           time.Time  `json:"created_at"`
	UpdatedAt           time.Time  `json:"updated_at"`
	// Nonce tells two processes with the same id apart.
	Nonce string `json:"nonce"`
	// SecondsSinceHeartbeat is by the database's clock.
	SecondsSinceHeartbeat float64 `json:"seconds_since_heartbeat"`
}

// StaleInstance is an instance that has not been heard of for too long.
type StaleInstance struct {
	InstanceID    string    `json:"instance_id"`
	IsLeader      bool      `json:"is_leader"`
	LastHeartbeat time.Time `json:"last_heartbeat"`
	// SecondsStale is the heartbeat's age by the database's clock.
	SecondsStale float64 `json:"seconds_stale"`
}

// newestSQL reads the newest process of each instance, and the one that is
// marked as leader even if a newer process has taken its instance's name.
const newestSQL = `
SELECT m.*, extract(epoch FROM clock_timestamp() - m.last_heartbeat)::double precision AS age
FROM instance_metadata m
WHERE m.group_name = @group::text
  AND (m.is_leader OR NOT EXISTS (
      SELECT FROM instance_metadata n
      WHERE n.group_name = m.group_name AND n.instance_id = m.instance_id
        AND (n.started_at, n.nonce) > (m.started_at, m.nonce)))`

// instancesSQL lists the instances for people.
const instancesSQL = `
SELECT instance_id, started_at, last_heartbeat, last_signal_processed, is_leader, leader_acquired_at, status,
       hostname, port, version, created_at, updated_at, nonce, age
FROM (` + newestSQL + `) i ORDER BY is_leader DESC, instance_id, started_at`

// staleInstancesSQL lists those that were not heard of within the timeout. One
// that said good-bye is not stale.
const staleInstancesSQL = `
SELECT instance_id, is_leader, last_heartbeat, age
FROM (` + newestSQL + `) i
WHERE age > @timeout::bigint / 1000000.0 AND (status <> 'stopped' OR is_leader)
ORDER BY age DESC, instance_id`

// Instances lists the group's instances, the leader first.
func (l *Ledger) Instances(ctx context.Context) ([]Instance, error) {
	return list(ctx, l, "instances", instancesSQL, args{"group": l.opt.Group},
		func(r pgx.CollectableRow) (Instance, error) {
			var i Instance
			err := r.Scan(&i.InstanceID, &i.StartedAt, &i.LastHeartbeat, &i.LastSignalProcessed, &i.IsLeader,
				&i.LeaderAcquiredAt, &i.Status, &i.Hostname, &i.Port, &i.Version, &i.CreatedAt, &i.UpdatedAt,
				&i.Nonce, &i.SecondsSinceHeartbeat)
			return i, err
		})
}

// StaleInstances lists the instances whose last heartbeat is older than the
// timeout by the database's clock, the longest silent first.
func (l *Ledger) StaleInstances(ctx context.Context, timeout time.Duration) ([]StaleInstance, error) {
	a := args{"group": l.opt.Group, "timeout": timeout.Microseconds()}
	return list(ctx, l, "instances", staleInstancesSQL, a, func(r pgx.CollectableRow) (StaleInstance, error) {
		var i StaleInstance
		err := r.Scan(&i.InstanceID, &i.IsLeader, &i.LastHeartbeat, &i.SecondsStale)
		return i, err
	})
}

// leaveSQL marks this process as stopped on purpose.
const leaveSQL = `
UPDATE instance_metadata SET status = 'stopped', updated_at = clock_timestamp()
WHERE group_name = @group::text AND instance_id = @instance::text AND nonce = @nonce::text AND NOT is_leader`

// Leave says good-bye: an instance that was stopped on purpose is not stale.
func (l *Ledger) Leave(ctx context.Context) error {
	t := l.begin("leave", durably)
	t.add(leaveSQL, args{"group": l.opt.Group, "instance": l.opt.Instance, "nonce": l.nonce()})
	return l.run(ctx, l.leadership, t)
}

// Incumbent is the leader as the ledger has it.
type Incumbent struct {
	InstanceID    string          `json:"instance_id"`
	Epoch         core.Epoch      `json:"epoch"`
	Token         core.Token      `json:"-"`
	Kind          core.TenureKind `json:"-"`
	TakenAt       time.Time       `json:"became_leader_at"`
	LastHeartbeat time.Time       `json:"last_heartbeat"`
	Hostname      string          `json:"hostname"`
	// Age is how old the heartbeat is by the database's clock.
	Age time.Duration `json:"-"`
}

// currentLeaderSQL reads the holder of the open tenure, and its heartbeat. The
// epoch decides who leads; only then is the heartbeat looked at.
const currentLeaderSQL = `
SELECT a.holder, a.epoch, a.token, a.kind, a.taken_at, m.last_heartbeat, m.hostname,
       (extract(epoch FROM clock_timestamp() - m.last_heartbeat) * 1000000)::bigint
FROM authority a
JOIN instance_metadata m ON m.group_name = a.group_name AND m.instance_id = a.holder AND m.nonce = a.nonce
WHERE a.group_name = @group::text AND a.open
  AND clock_timestamp() - m.last_heartbeat < @fresh::bigint * interval '1 microsecond'`

// CurrentLeader returns who leads by the ledger: the holder of the current
// epoch, if its tenure is open and its heartbeat younger than fresh by the
// database's clock. It returns nil if there is none.
func (l *Ledger) CurrentLeader(ctx context.Context, fresh time.Duration) (*Incumbent, error) {
	a := args{"group": l.opt.Group, "fresh": fresh.Microseconds()}
	found, err := list(ctx, l, "leader", currentLeaderSQL, a, func(r pgx.CollectableRow) (Incumbent, error) {
		var (
			i           Incumbent
			epoch, age  int64
			token, kind string
		)
		err := r.Scan(&i.InstanceID, &epoch, &token, &kind, &i.TakenAt, &i.LastHeartbeat, &i.Hostname, &age)
		if err != nil {
			return i, err
		}
		i.Epoch, i.Token, i.Age = core.Epoch(epoch), identity.Read(token), micros(age)
		i.Kind, err = parseKind(kind)
		return i, err
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// list runs one reading and collects its rows.
func list[T any](
	ctx context.Context, l *Ledger, op, sql string, a args, scan func(pgx.CollectableRow) (T, error),
) ([]T, error) {
	found := []T{}
	t := l.begin(op, durably)
	t.add(sql, a).Query(func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scan)
		return err
	})
	if err := l.run(ctx, l.work, t); err != nil {
		return nil, err
	}
	return found, nil
}
