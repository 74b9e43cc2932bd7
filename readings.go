package fencepost

import (
	"context"
	"time"

	"fencepost/core"
	"fencepost/internal/httpapi"
	"fencepost/internal/identity"
	"fencepost/internal/observe"
	"fencepost/internal/pgledger"
)

// What the readings return.
type (
	// Status is one instance at one instant.
	Status = httpapi.Status
	// Leader is who leads, by each store.
	Leader = httpapi.Leader
	// Incumbent is the leader as the ledger has it.
	Incumbent = pgledger.Incumbent
	// Authority is what the stores know of the group's highest epoch.
	Authority = httpapi.Authority
	// Acceptance is a person's word that the group goes on with a database that
	// went back in time.
	Acceptance = httpapi.Acceptance
	// Accepted is what came of an acceptance.
	Accepted = pgledger.Accepted
	// Instance is one process that told the ledger that it lives.
	Instance = pgledger.Instance
	// StaleInstance is an instance that has not been heard of for too long.
	StaleInstance = pgledger.StaleInstance
	// PastTenure is one row of the leadership history; of the youngest, whose tenure
	// may still last, the end is nil.
	PastTenure = pgledger.Tenure
	// Led is a stretch of time in which one instance led, or nobody.
	Led = pgledger.Led
	// SplitBrain says that the stores name different leaders.
	SplitBrain = core.Disagreement
	// Metrics are the coordinator's numbers.
	Metrics = observe.CoordinatorMetrics
	// Signal is one row of the inbox.
	Signal = pgledger.Signal
	// SignalDetail is a signal with its attempts and what the sender wrote.
	SignalDetail = pgledger.SignalDetail
	// Decision is what a person decides about a signal.
	Decision = pgledger.Decision
	// SignalFilter selects signals.
	SignalFilter = pgledger.SignalFilter
)

// ErrNoSignal says that the ledger has no such signal.
var ErrNoSignal = pgledger.ErrNoSignal

// ErrNoArrow says that a signal is in no state that allows what was decided.
var ErrNoArrow = pgledger.ErrNoArrow

// ErrNotLeader says that this instance does not lead.
var ErrNotLeader = httpapi.ErrNotLeader

// Status returns this instance's state. It asks no store.
func (k *Coordinator) Status() Status {
	s := k.driver.Status()
	missing := k.missing()
	ledgerEpoch, ledgerOpen := s.View.Epoch, s.View.Flags.Has(core.Open)
	if s.Believes {
		// A leader reads the authority no more: it was told what it took.
		ledgerEpoch, ledgerOpen = s.Epoch, true
	}
	tenure := ""
	if s.Epoch != 0 {
		tenure = s.Tenure.String()
	}
	return Status{
		InstanceID: k.config.InstanceID, Group: k.config.Group, Nonce: identity.NonceText(k.nonce),
		Version: Version(), Role: s.Role.String(), IsLeader: s.Believes, Epoch: uint64(s.Epoch),
		TrustLeftMS: s.TrustLeft.Milliseconds(), Tenure: tenure, Barred: s.Barred,
		Control: s.Control.String(), Eligible: s.Eligible, NotEligible: k.ineligible(&s),
		Protocol: int(k.protocol.Protocol), InFlight: s.InFlight,
		Ready: len(missing) == 0, NotReady: missing, Degraded: k.degraded(),
		LedgerEpoch: uint64(ledgerEpoch), LedgerOpen: ledgerOpen,
		UptimeMS: time.Since(k.began).Milliseconds(),
	}
}

// IsLeader reports whether this instance believes that it leads. What it does
// under that belief is fenced all the same.
func (k *Coordinator) IsLeader() bool { return k.driver.Status().Believes }

// Metrics returns the coordinator's numbers. It asks no store: the leaders'
// names are at most one heartbeat interval old.
func (k *Coordinator) Metrics() Metrics {
	m := k.observer.Coordinator()
	m.CurrentLeaderRedis, m.CurrentLeaderDB = k.leaders.get()
	s := k.driver.Status()
	m.IsLeader, m.Barred, m.HeartbeatRunning = s.Believes, s.Barred, k.running.Load()
	if s.Believes {
		kind := s.Tenure.String()
		m.Tenure = &kind
	}
	return m
}

// Resign hands leadership over, though this instance stays in the group and may
// be elected again. It ends the context of the function given to Run and waits
// until that has returned, for half the shutdown timeout at most, then until orders
// in flight have ended, the tenure is closed and the lease released. It returns
// ErrNotLeader if there is nothing to hand over. If the context ends first, its
// error is returned, and the handover goes on. The function given to Run must not
// call it: to hand over it returns nil.
func (k *Coordinator) Resign(ctx context.Context) error {
	before := k.driver.Status()
	if !before.Believes {
		return ErrNotLeader
	}
	// The tenure is over for lead for good: a node that went on leading because the
	// caller has left would keep everybody else from the work that nobody does.
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		k.drainAndAsk(context.WithoutCancel(ctx), before.Epoch)
	}()
	select {
	case <-asked:
	case <-ctx.Done():
	}
	return k.handedOver(ctx, before.Epoch)
}

// drainAndAsk waits for lead, within bounds, and then asks the node to hand over.
func (k *Coordinator) drainAndAsk(ctx context.Context, epoch core.Epoch) {
	draining, cancel := context.WithTimeout(ctx, k.drainTime())
	defer cancel()
	if overdue := k.president.Load().drain(draining, false); overdue != nil {
		k.observer.Log().Error("hands over while the function that leads has not returned",
			"event", "lead.overdue", "error", overdue)
	}
	k.askToStepDown(epoch)
}
