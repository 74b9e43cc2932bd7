package core

import "time"

// MaxFlights is the most signals that a node works on at once. Further work stays
// in the ledger.
const MaxFlights = 16

// Node is one instance's whole state, a flat value without pointers: copying it
// copies the node. Status tells what others may know.
type Node struct {
	cfg  Config
	self Nonce
	role Role
	// stopping: asked to shut down, never tries again.
	stopping bool
	// reqs numbers the calls, draws the uses of jitter.
	reqs  uint32
	draws uint32

	// The lanes: at most one call to Redis, one heartbeat, one list of work and
	// one other call to the ledger are under way.
	lease  lane
	ledger lane
	beat   lane
	list   lane

	// token names the current or next acquisition.
	token Token
	// leaseTrust and beatTrust are trust deadlines: until when the lease and the
	// confirmed heartbeat may be relied on. leaseLapse is the first instant at
	// which Redis may have let the lease go.
	leaseTrust Time
	leaseLapse Time
	beatTrust  Time
	// epoch is the one we lead or drain under, zero otherwise.
	epoch Epoch
	// tenure is the kind that we stand for, lead or drain under.
	tenure TenureKind
	// drain says how far a step-down has come, leaving why it began.
	drain   drainStage
	leaving Reason

	nextTry    Time
	nextRenew  Time
	nextBeat   Time
	nextSweep  Time
	nextReview Time
	// notBefore ends the rest of a candidate that gave its lease back.
	notBefore Time
	// giveUp ends the candidate's budget, and the drainer's patience.
	giveUp Time
	// claimed: an epoch was asked for, and what came of it is not known yet.
	claimed bool
	// evictee is the token that an eviction under way is about.
	evictee Token
	// redisGone is when we first noticed that Redis had left a call without an
	// answer; zero as long as it answers.
	redisGone Time

	health health
	past   past

	view View
	// reported is the youngest epoch whose staleness we have reported.
	reported Epoch
	// control is the newest mode that was read, at the start of that attempt.
	control   Control
	controlAt Time

	// last is what the clocks showed at the last step.
	last Now
	// cursor is where the list of work goes on, reviewing whether it is one of
	// all open signals; backlog tells that work was left for want of room.
	cursor    SignalID
	reviewing bool
	backlog   bool
	flights   [MaxFlights]flight
	flying    int32

	wake Time
}

// View is what the ledger said of the group's authority when it was last read.
type View struct {
	// At is the start of the attempt that read it; zero if it was never read.
	At      Time
	Epoch   Epoch
	Token   Token
	Tenure  TenureKind
	Flags   Flags
	Control Control
	// Age is how old the holder's heartbeat was then, by the database's clock.
	Age time.Duration
	// Protocol is the range of versions that may lead.
	Protocol uint32
}

// stale reports whether the tenure that was read is open and its holder's
// heartbeat older than the bound.
func (v *View) stale(after time.Duration) bool { return v.Flags.Has(Open) && v.Age >= after }

// New returns a follower that knows nothing yet. The configuration must be
// valid. The nonce is random and new for each process start.
func New(cfg Config, self Nonce, now Now) (n Node) {
	assert(cfg.Validate() == nil, "a node starts with a valid configuration")
	assert(self != 0, "a nonce is not zero")
	n.cfg, n.self, n.token = cfg, self, Token{Nonce: self, Acquisition: 1}
	for _, l := range []*lane{&n.lease, &n.ledger, &n.beat, &n.list} {
		l.clear()
	}
	n.last, n.nextBeat, n.nextTry = now, now.Boot, now.Boot.Add(n.jitter(cfg.RetryJitter))
	n.wake = n.nextWake()
	return n
}

// Wake is the instant on the boot clock at which Step wants to be called with
// TimePassed if nothing else happens before.
func (n *Node) Wake() Time { return n.wake }

// Step tells the node that in happened at now, and fills out with what it
// wants done. It first drops what time has ended, then looks at the input,
// then does what has fallen due: a late answer cannot revive a dead lease.
func (n *Node) Step(now Now, in *Input, out *Effects) {
	out.count = 0
	t := now.Boot
	n.endBelief(t, out)
	n.watchClocks(now, out)
	n.accept(t, in, out)
	if t >= n.wake { // what this step began is not overdue, and nothing else was to be yet
		n.endCalls(t, out)
	}
	n.act(t, out)
	n.wake = n.nextWake()
	n.checkState()
}

// accept hands the input to whoever awaits it.
func (n *Node) accept(t Time, in *Input, out *Effects) {
	switch in.Kind {
	case TimePassed:
	case StopRequested:
		n.stopping = true
		n.handOver(t, GracefulShutdown, out)
	case StepDownRequested:
		n.handOver(t, OperatorRequest, out)
	case ReleaseHeard:
		n.nextTry = min(n.nextTry, t)
	case WorkHeard:
		n.nextSweep = min(n.nextSweep, t)
	case OutcomeUnknown:
		n.acceptUnknown(t, in, out)
	case LeaseAcquired, LeaseDenied, LeaseRenewed, LeaseWasLost, LeaseWasReleased, LeaseWasEvicted:
		n.acceptRedis(t, in, out)
	case AuthorityObserved, EpochWasTaken, EpochWasRefused, HeartbeatConfirmed, HeartbeatWasRefused,
		TenureWasClosed, CloseWasRefused:
		n.acceptLedger(t, in, out)
	case SignalFound, WorkListed:
		n.acceptWork(t, in, out)
	case PermitWasGranted, PermitWasRefused, AttemptRead, OutcomeWasRecorded, RecordWasRefused,
		OrderAnswered, OrderWithheld, OrderLookedUp:
		n.acceptFlight(t, in, out)
	default:
		assert(false, "an input has a known kind")
	}
}

// act does what has fallen due for the role.
func (n *Node) act(t Time, out *Effects) {
	switch n.role {
	case Follower:
		n.follow(t, out)
	case Candidate:
		n.stand(t, out)
	case Leader:
		n.lead(t, out)
	case Draining:
		n.drainOn(t, out)
	default:
		assert(false, "a node has a known role")
	}
}

// nextWake is the earliest instant at which act would do something.
func (n *Node) nextWake() Time {
	wake := n.nextDeadline()
	switch n.role {
	case Follower:
		wake = min(wake, n.beat.due(n.nextBeat))
		if n.mayStand() && !n.lease.busy() && !n.ledger.busy() {
			wake = min(wake, max(n.nextTry, n.notBefore))
		}
	case Candidate:
		wake = min(wake, n.giveUp, n.leaseTrust, n.ledger.due(n.nextTry))
	case Leader:
		wake = min(wake, n.lease.due(n.nextRenew), n.beat.due(n.nextBeat), n.list.due(n.nextSweep), n.trust())
	case Draining:
		if n.drain == drainFinishing {
			wake = min(wake, n.lease.due(n.nextRenew), n.beat.due(n.nextBeat), n.trust(), n.giveUp)
		}
	default:
		assert(false, "a node has a known role")
	}
	return wake
}

// checkState asserts what holds between steps.
func (n *Node) checkState() {
	assert((n.role == Leader || n.role == Draining) == (n.epoch != 0), "a leader or a drainer has an epoch")
	assert(n.flying >= 0 && n.flying <= MaxFlights, "flights are counted")
}
