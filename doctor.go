package fencepost

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"fencepost/internal/clock"
	"fencepost/internal/doctor"
	"fencepost/internal/pgledger"
)

// Check is one thing that Examine looked at.
type Check = doctor.Check

// The levels of a check.
const (
	CheckFail = doctor.Fail
	CheckWarn = doctor.Warn
	CheckOK   = doctor.OK
)

// WorstCheck returns the worst level among the checks.
func WorstCheck(checks []Check) doctor.Level { return doctor.Worst(checks) }

// Examine looks at what an instance with that configuration would rest on: the
// settings, the clocks, both stores, the broker, and the files that hold
// secrets, the configuration's own among them unless its path is empty. It
// changes nothing, and a store that is away is a check that failed. It takes a
// few seconds at most.
func Examine(ctx context.Context, c Config, file string) []Check {
	var (
		asking                          sync.WaitGroup
		postgres, redis, broker, stores []Check
	)
	asking.Go(func() { postgres = examinePostgres(ctx, &c) })
	asking.Go(func() { redis = examineRedis(ctx, &c) })
	asking.Go(func() { broker = examineBroker(ctx, &c) })
	asking.Go(func() { stores = examineAuthority(ctx, &c) })
	checks := append(doctor.Settings(&c), doctor.Files(&c, file)...)
	asking.Wait()
	for _, more := range [][]Check{postgres, redis, stores, broker} {
		checks = append(checks, more...)
	}
	return checks
}

func examinePostgres(ctx context.Context, c *Config) []Check {
	if err := c.CheckPostgres(); err != nil {
		return doctor.AwayPostgres(err)
	}
	protocol := c.Protocol()
	read, err := doctor.ReadPostgres(ctx, c.Postgres.DSN.Reveal(), c.Postgres.Access(), c.Group,
		protocol.StaleAfter)
	if err != nil {
		return doctor.AwayPostgres(err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "" // as an instance would be known without one
	}
	return doctor.JudgePostgres(read, doctor.PostgresWants{
		Instance: c.InstanceID, Hostname: host, Conns: c.Postgres.Conns + pgledger.LeadershipConns,
		Class: protocol.Broker.Class(),
	})
}

func examineRedis(ctx context.Context, c *Config) []Check {
	if !c.Redis.IsSet() {
		return doctor.AwayRedis(errNoRedis)
	}
	read, err := doctor.ReadRedis(ctx, c.Redis.Access(), c.Group)
	if err != nil {
		return doctor.AwayRedis(err)
	}
	protocol := c.Protocol()
	return doctor.JudgeRedis(read, protocol.Broker.Class())
}

func examineBroker(ctx context.Context, c *Config) []Check {
	if c.CheckBroker() != nil {
		return nil // told among the settings
	}
	adapter, err := openBroker(&c.Broker, clock.System{})
	if err != nil {
		return []Check{{
			Name: "broker", Level: CheckFail, Found: strings.ReplaceAll(err.Error(), "\n", "; "),
			Means: "an instance does not start with it", Do: "correct the setting",
		}}
	}
	defer adapter.Close()
	protocol := c.Protocol()
	return doctor.Broker(ctx, adapter, c.Broker.URL, protocol.Broker, protocol.BrokerTimeout)
}

// examineTime bounds the comparison of the two stores.
const examineTime = 5 * time.Second

// examineAuthority holds the ledger's epoch against the witness in Redis.
func examineAuthority(ctx context.Context, c *Config) []Check {
	if !c.Redis.IsSet() {
		return nil // told of Redis
	}
	r, err := NewReader(*c)
	if err != nil {
		return nil // told of PostgreSQL
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	found := r.Authority(ctx)
	const name = "authority"
	switch {
	case found.Ledger == nil || found.Witness == nil:
		return []Check{{
			Name: name, Level: CheckFail, Found: strings.Join(found.Errors, "; "),
			Means: "whether the ledger went back in time cannot be told", Do: "fencepost authority show",
		}}
	case found.Regressed:
		return []Check{{
			Name: name, Level: CheckFail,
			Found: fmt.Sprintf("epoch %d in the ledger, witness %d in Redis", found.Ledger.Epoch,
				*found.Witness),
			Means: "the ledger has forgotten permits, or is not the one that belongs to this Redis: " +
				"nobody leads",
			Do: "docs/runbooks/authority-regressed.md",
		}}
	default:
		return []Check{{
			Name: name, Level: CheckOK,
			Found: fmt.Sprintf("epoch %d in the ledger, witness %d in Redis", found.Ledger.Epoch,
				*found.Witness),
			Means: "the ledger has every epoch that a leader reported",
		}}
	}
}
