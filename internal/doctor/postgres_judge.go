package doctor

import (
	"fmt"
	"strconv"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/verify"
	"fencepost/migrations"
)

// The versions of PostgreSQL.
const (
	// leastPostgres has what the schema is made of, pg_current_xact_id for one;
	// testedPostgres is the oldest that the project's tests meet.
	leastPostgres  = 130000
	testedPostgres = 150000
)

// PostgresWants is what an instance asks of its PostgreSQL.
type PostgresWants struct {
	// Instance and Hostname are this instance's.
	Instance, Hostname string
	// Conns is how many connections it opens at most.
	Conns int
	Class order.Class
}

// JudgePostgres judges what was read.
func JudgePostgres(p *Postgres, w PostgresWants) []Check {
	var l list
	p.judgeServer(&l, w)
	p.judgeDurability(&l)
	p.judgeSessions(&l, w)
	p.judgeReplicas(&l)
	p.judgeLedger(&l, w)
	return l
}

// judgeServer judges which server it is, and how it is reached.
func (p *Postgres) judgeServer(l *list, w PostgresWants) {
	switch {
	case p.Version < leastPostgres:
		l.fail("postgres.version", p.VersionText, "the ledger's functions need PostgreSQL 13 at least",
			"upgrade the server")
	case p.Version < testedPostgres:
		l.warn("postgres.version", p.VersionText, "fencepost is tested on 15 and newer",
			"upgrade the server")
	default:
		l.ok("postgres.version", p.VersionText, "a version that fencepost is tested on")
	}
	p.Node.judge(l, "postgres")
	judgeClock(l, "postgres.clock", p.Clock, w.Class)
	switch {
	case p.Transactions:
		l.warn("postgres.pooler", "a pooler, a server for each transaction",
			"the service works through it; fencepost migrate needs a session of its own",
			"run fencepost migrate with the server's own address")
	case p.Pooled:
		l.ok("postgres.pooler", "a pooler, a server for each session", "works like the server itself")
	default:
		l.ok("postgres.pooler", "none", "the address leads to the server itself")
	}
}

// judgeDurability judges whether what is committed stays.
func (p *Postgres) judgeDurability(l *list) {
	for _, s := range []struct{ name, value, means string }{
		{
			"fsync", p.Fsync,
			"after a crash of the machine committed permits may be gone or the files unreadable: orders " +
				"would be sent twice",
		},
		{
			"full_page_writes", p.FullPageWrites,
			"after a crash of the machine a page may be half old and half new: the ledger would be " +
				"unreadable, or wrong",
		},
	} {
		if s.value != "on" {
			l.fail("postgres."+s.name, s.value, s.means, "set "+s.name+" = on and reload")
			continue
		}
		l.ok("postgres."+s.name, s.value, "what is committed survives a crash of the machine")
	}
	switch p.SynchronousCommit {
	case "off":
		l.warn("postgres.synchronous_commit", p.SynchronousCommit,
			"fencepost asks for a durable commit itself, each time; what people or other programs write "+
				"into the ledger by hand may be lost", "set synchronous_commit = on for this database")
	case "local", "remote_write":
		l.warn("postgres.synchronous_commit", p.SynchronousCommit,
			"fencepost asks for more itself, each time; other writers do not wait for a standby's disk",
			"set synchronous_commit = on for this database")
	default:
		l.ok("postgres.synchronous_commit", p.SynchronousCommit, "a commit is durable before it is answered")
	}
}

// judgeSessions judges what sessions get.
func (p *Postgres) judgeSessions(l *list, w PostgresWants) {
	if p.Isolation != "read committed" {
		l.warn("postgres.default_transaction_isolation", p.Isolation,
			"fencepost says READ COMMITTED itself, each time; a person's own statements see older rows "+
				"than they think",
			"set default_transaction_isolation = 'read committed' for this database")
	} else {
		l.ok("postgres.default_transaction_isolation", p.Isolation, "as fencepost asks for itself")
	}
	if p.ReadOnly == "on" {
		l.fail("postgres.default_transaction_read_only", p.ReadOnly,
			"nothing can be written: nothing is stored or executed",
			"set default_transaction_read_only = off for this database and role")
	} else {
		l.ok("postgres.default_transaction_read_only", p.ReadOnly, "the ledger can be written")
	}
	if p.IdleInTransaction == "0" {
		l.warn("postgres.idle_in_transaction_session_timeout", "not set",
			"fencepost limits its own transactions; a person who leaves one open in psql keeps their "+
				"locks, and a takeover waits for them",
			"set idle_in_transaction_session_timeout = '1min' for this database")
	} else {
		l.ok("postgres.idle_in_transaction_session_timeout", p.IdleInTransaction,
			"a session that stops in the middle loses its locks")
	}
	p.judgeConnections(l, w)
}

func (p *Postgres) judgeConnections(l *list, w PostgresWants) {
	instances := map[string]bool{w.Instance: true}
	for i := range p.Live {
		instances[p.Live[i].Instance] = true
	}
	all := w.Conns * len(instances)
	found := fmt.Sprintf("%d allowed, %d in use; %d for each of %d instances",
		p.MaxConns, p.InUse, w.Conns, len(instances))
	const do = "raise max_connections, or the limit of the role or the database, or lower postgres.conns"
	switch {
	case p.MaxConns < w.Conns:
		l.fail("postgres.max_connections", found, "not even one instance gets its connections", do)
	case p.MaxConns < all:
		l.warn("postgres.max_connections", found, "under load some instances wait for connections in vain",
			do)
	default:
		l.ok("postgres.max_connections", found, "every instance gets its connections")
	}
}

// judgeReplicas judges what a failover would lose.
func (p *Postgres) judgeReplicas(l *list) {
	switch {
	case p.InRecovery:
		l.fail("postgres.role", "a standby", "it cannot be written, and may lag behind",
			"name the primary in postgres.dsn, or every host with target_session_attrs=read-write")
		return
	default:
		l.ok("postgres.role", "primary", "it can be written")
	}
	found := fmt.Sprintf("%d standbys, synchronous_standby_names = %q", p.Standbys, p.SyncNames)
	switch {
	case p.SyncNames == "" && p.Standbys > 0:
		l.warn("postgres.synchronous_standby_names", found,
			"a promotion may lose commits: fencepost would notice, halt, and call a person",
			"name the standbys in synchronous_standby_names")
	case p.SyncNames == "":
		l.ok("postgres.synchronous_standby_names", found, "there is nobody to be promoted")
	case p.Synchronous == 0:
		l.fail("postgres.synchronous_standby_names", found,
			"no synchronous standby follows: every commit waits, and nothing is stored",
			"bring the standby back, or take its name out")
	case p.Synchronous < 0:
		l.ok("postgres.synchronous_standby_names", found,
			"commits wait for a standby; this role may not see whether it follows")
	default:
		l.ok("postgres.synchronous_standby_names", found,
			"commits wait for a standby: a promotion loses none")
	}
}

// judgeLedger judges the tables and who writes into them.
func (p *Postgres) judgeLedger(l *list, w PostgresWants) {
	if p.Hidden {
		l.fail("postgres.schema", "not to be read by this role",
			"a service with this role neither stores nor executes",
			"give the role the rights of the service, or name another in postgres.dsn")
		return
	}
	found := strconv.FormatInt(max(p.Schema, 0), 10)
	latest := migrations.Latest()
	switch {
	case p.Schema < latest:
		l.fail("postgres.schema", found, fmt.Sprintf("this build needs version %d", latest),
			"fencepost migrate up")
	case p.Schema > latest:
		l.warn("postgres.schema", found, fmt.Sprintf("this build knows %d; a younger one has migrated",
			latest),
			"bring this instance up to date")
	default:
		l.ok("postgres.schema", found, "the tables are those of this build")
	}
	p.judgeSeals(l)
	p.judgeProtocol(l, core.ProtocolVersion)
	p.judgeIdentity(l, w)
}

// judgeSeals: a database that was rebuilt from a dump counts its transactions anew.
func (p *Postgres) judgeSeals(l *list) {
	switch {
	case p.Block == 0: // nothing was sealed yet
	case p.Horizon < p.BlockEnd:
		l.fail("postgres.seals",
			fmt.Sprintf("transaction %d, and block %d ends at %d", p.Horizon, p.Block, p.BlockEnd),
			"rebuilt from a dump: no event is sealed, and what is written counts as part of closed blocks",
			fmt.Sprintf("before an instance runs: stop the server, pg_resetwal --epoch=%d; "+
				"docs/runbooks/verify.md", verify.EpochAfter(p.BlockEnd)))
	default:
		l.ok("postgres.seals", fmt.Sprintf("block %d", p.Block), "transactions go on where it ends")
	}
}

// judgeProtocol: an instance whose version is not admitted lives, and never leads.
func (p *Postgres) judgeProtocol(l *list, speaks int) {
	switch {
	case p.Highest == 0:
		l.ok("protocol", fmt.Sprintf("version %d", speaks), "the group admits every version")
	case p.Lowest <= speaks && speaks <= p.Highest:
		l.ok("protocol", fmt.Sprintf("version %d", speaks),
			fmt.Sprintf("the group admits %d to %d", p.Lowest, p.Highest))
	default:
		l.fail("protocol",
			fmt.Sprintf("version %d, and the group admits %d to %d", speaks, p.Lowest, p.Highest),
			"this build takes signals in and never leads",
			"run a build of an admitted version, or see: fencepost authority protocol")
	}
}

// judgeIdentity: two processes that share an id are told apart by the protocol,
// and mixed up by every person.
func (p *Postgres) judgeIdentity(l *list, w PostgresWants) {
	nonces, elsewhere := map[string]bool{}, ""
	for i := range p.Live {
		if p.Live[i].Instance != w.Instance {
			continue
		}
		nonces[p.Live[i].Nonce] = true
		if p.Live[i].Hostname != w.Hostname {
			elsewhere = p.Live[i].Hostname
		}
	}
	const do = "give each instance an instance_id of its own"
	switch {
	case len(nonces) > 1:
		l.fail("instance_id", fmt.Sprintf("%s, %d processes", w.Instance, len(nonces)),
			"processes share the id: nobody can tell which of them leads", do)
	case elsewhere != "":
		l.warn("instance_id", fmt.Sprintf("%s, which runs on %s", w.Instance, elsewhere),
			"started here as well, two processes would share the id", do)
	case len(nonces) == 1:
		l.ok("instance_id", w.Instance+", which runs", "one process has it")
	default:
		l.ok("instance_id", w.Instance, "nobody else has it")
	}
}

// AwayPostgres is the judgement of a PostgreSQL that could not be read.
func AwayPostgres(err error) []Check {
	var l list
	l.fail("postgres", err.Error(), "nothing is stored and nothing executed without it",
		"look at the server, the address in postgres.dsn, and the way there")
	return l
}
