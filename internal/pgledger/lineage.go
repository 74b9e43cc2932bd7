package pgledger

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"

	"fencepost/core"
)

// Lineage tells one PostgreSQL from another, and from its own past: a restored
// backup or a failover that lost commits shows here or in the epoch.
type Lineage struct {
	// System is the system identifier, made when the cluster was.
	System uint64 `json:"system_identifier"`
	// Timeline rises with each promotion and each point-in-time recovery. It is
	// zero on a standby, which follows another's.
	Timeline uint32 `json:"timeline"`
	// Epoch is the group's current epoch in this database.
	Epoch core.Epoch `json:"epoch"`
	// Accepted is how often a person has accepted the authority.
	Accepted uint32 `json:"accepted"`
}

// Number is system and timeline in one number, never zero: what a node is told.
func (l Lineage) Number() uint32 {
	sum := fnv.New32a()
	_ = binary.Write(sum, binary.BigEndian, [2]uint64{l.System, uint64(l.Timeline)})
	return max(sum.Sum32(), 1)
}

// lineageColumns read which server answers, and on which timeline it writes.
// They are read in every statement that tells a node of the authority: a
// connection may have been handed to another server by a pooler, and a standby
// is promoted under the connections it has. The name of the log that is being
// written has the new timeline from the promotion on; the control file has it
// only after the next checkpoint, which may be minutes later. An ordinary role
// may call all of them, and they cost microseconds.
const lineageColumns = `
       (SELECT system_identifier FROM pg_control_system()),
       CASE WHEN pg_is_in_recovery() THEN 0
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END`

// onStandby is the timeline of a server that is in recovery.
const onStandby = 0

// errStandby says that the address leads to a server that only follows.
var errStandby = errors.New("this PostgreSQL is a standby, which may lag behind; the primary is needed")

// lineageSQL reads where the data comes from.
const lineageSQL = `
SELECT coalesce(a.epoch, 0), coalesce(a.accepted, 0),` + lineageColumns + `
FROM (SELECT) one LEFT JOIN authority a ON a.group_name = @group::text`

// Lineage reads where this database's data comes from.
func (l *Ledger) Lineage(ctx context.Context) (Lineage, error) {
	var epoch, accepted, system, timeline int64
	t := l.begin("lineage", durably)
	t.row(lineageSQL, args{"group": l.opt.Group}, &epoch, &accepted, &system, &timeline)
	if err := l.run(ctx, l.leadership, t); err != nil {
		return Lineage{}, err
	}
	return lineageOf(epoch, accepted, system, timeline), nil
}

// lineageOf makes what a row tells a lineage.
func lineageOf(epoch, accepted, system, timeline int64) Lineage {
	return Lineage{
		System: uint64(system), Timeline: uint32(timeline),
		Epoch: core.Epoch(epoch), Accepted: uint32(accepted),
	}
}

// noteLineageSQL notes when a server is seen for the first time. The first one of
// a group has replaced nobody. It is a part of each follower's heartbeat and of
// each takeover: the notice may be lost with a crash, which is then the younger
// reason to wait.
const noteLineageSQL = `
INSERT INTO authority_lineages (group_name, system_identifier, timeline, first_seen_at)
SELECT @group::text, here.system_identifier, here.timeline,
       CASE WHEN EXISTS (SELECT FROM authority_lineages l WHERE l.group_name = @group::text)
            THEN clock_timestamp() ELSE '-infinity' END
FROM (SELECT` + lineageColumns + ` AS timeline) here
ON CONFLICT DO NOTHING`
