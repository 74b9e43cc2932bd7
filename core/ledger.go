package core

import "fencepost/core/event"

// acceptLedger takes an answer of PostgreSQL about leadership. A follower's
// heartbeat is answered with the authority row.
func (n *Node) acceptLedger(t Time, in *Input, out *Effects) {
	asked, ok := n.beat.answers(in)
	if !ok {
		asked, ok = n.ledger.answers(in)
	}
	if !ok {
		return
	}
	n.heard(t, &asked, in, out)
	switch in.Kind {
	case AuthorityObserved:
		n.observe(t, &asked, in, out)
		if n.role == Candidate && asked.op == Observe {
			n.takeNext(t, out)
		}
	case HeartbeatConfirmed:
		n.heartbeatConfirmed(t, asked.started, in, out)
	case HeartbeatWasRefused:
		n.heartbeatRefused(t, in, out)
	case EpochWasTaken:
		n.claimed = false
		n.epochTaken(t, asked.started, in, out)
	case EpochWasRefused:
		// The candidate's turn reads again, while its lease is trusted; not at once,
		// for what refused it may last.
		n.claimed = false
		n.nextTry = t.Add(n.cfg.Retry / 8)
	case TenureWasClosed, CloseWasRefused:
		n.tenureClosed(t, out)
	default:
		assert(false, "the ledger answers with an input of its own")
	}
}

// acceptUnknown takes the news that a call failed or was cut.
func (n *Node) acceptUnknown(t Time, in *Input, out *Effects) {
	for _, l := range [...]*lane{&n.lease, &n.ledger, &n.beat, &n.list} {
		if asked, ok := l.answers(in); ok {
			n.callEnded(t, &asked, out)
			return
		}
	}
	n.flightUnknown(t, in.Req, out)
}

// endCalls gives up the calls whose time has passed. An outcome that is not
// known is an answer of its own.
func (n *Node) endCalls(t Time, out *Effects) {
	for _, l := range [...]*lane{&n.lease, &n.ledger, &n.beat, &n.list} {
		if l.req != 0 && t >= l.deadline {
			asked := *l
			l.clear()
			n.callEnded(t, &asked, out)
		}
	}
	n.endFlightCalls(t, out)
}

// callEnded goes on after a call whose outcome is unknown.
func (n *Node) callEnded(t Time, asked *lane, out *Effects) {
	n.announce(event.OutcomeUnknown, out).About = asked.op
	n.degraded(t, asked.op, Unavailable, out)
	if asked.op.Store() == Redis && n.redisGone == 0 {
		n.redisGone = t
	}
	switch asked.op {
	case Acquire:
		n.standWithoutRedis(t)
	case Release:
		n.leaseReleased(t, false, out)
	case Resign:
		n.tenureClosed(t, out)
	case Renew:
		n.nextRenew = min(n.nextRenew, t.Add(n.cfg.Retry/2))
	case Heartbeat:
		n.nextBeat = min(n.nextBeat, t.Add(n.cfg.Retry/2))
	case Fetch:
		n.nextSweep = t.Add(n.cfg.Retry / 2)
	case Observe, TakeEpoch:
		// A candidate reads the ledger back until it knows whether the takeover
		// was carried out: its token tells. A follower tries again later. What a
		// heartbeat under way will read may be older.
		n.beat.early = true
		n.nextTry = t.Add(n.cfg.Retry / 8)
		if n.role == Follower {
			n.nextTry = t.Add(n.cfg.Retry)
		}
	default:
		// An eviction comes round again by itself.
	}
}
