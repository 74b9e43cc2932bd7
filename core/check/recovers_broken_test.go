package check

import (
	"testing"
	"time"

	"fencepost/core"
	"fencepost/core/history"
)

// What stays broken for good is no excuse.

// onlyPostgres is what a node without Redis reaches.
const onlyPostgres = uint8(1<<core.Postgres | 1<<core.Broker)

func TestANodeWithoutRedisIsOwedLeadershipLater(t *testing.T) {
	alone := func() *story { return begin(small(), 1).at(ttl).reach(0, onlyPostgres) }
	alone().at(5 * ttl).lawful(t)
	alone().at(5*ttl+1).breaks(t, Recovers, 5*ttl)
	alone().at(5*ttl).elects(0, 1).lawful(t)
}

func TestARedisThatIsAwayForGoodIsNoExcuse(t *testing.T) {
	away := func() *story { return begin(small(), 2).at(ttl).fault(history.RedisFault, history.None) }
	away().at(5 * ttl).lawful(t)
	away().at(5*ttl+1).breaks(t, Recovers, 5*ttl)
}

func TestALinkThatStaysCutIsNoExcuseForTheOthers(t *testing.T) {
	cut := func() *story { return begin(small(), 2).fault(history.LinkFault, 1).reach(1, 1<<core.Redis) }
	cut().at(3 * ttl).lawful(t)
	cut().at(3*ttl+1).breaks(t, Recovers, 3*ttl)
}

func TestALinkThatStaysCutToEverybodyIsLikeAStoreThatIsAway(t *testing.T) {
	cut := func() *story {
		s := begin(small(), 2).fault(history.LinkFault, 0).fault(history.LinkFault, 1)
		return s.reach(0, onlyPostgres).reach(1, onlyPostgres)
	}
	cut().at(4 * ttl).lawful(t)
	cut().at(4*ttl+1).breaks(t, Recovers, 4*ttl)
}

func TestEachChangeStartsTheClockOfWhatStaysBrokenAnew(t *testing.T) {
	for name, change := range map[string]func(*story){
		"another link is cut":  func(s *story) { s.fault(history.LinkFault, 2) },
		"a node reaches less":  func(s *story) { s.reach(1, 1<<core.Broker) },
		"a process is stopped": func(s *story) { s.fault(history.NodeFault, 2) },
		"a clock jumps":        func(s *story) { s.fault(history.ClockJump, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			s := begin(small(), 2).fault(history.RedisFault, history.None).at(3 * ttl)
			change(s)
			s.at(7 * ttl).lawful(t)
			s.at(7*ttl+1).breaks(t, Recovers, 7*ttl)
		})
	}
}

func TestALedgerOrAClockThatStaysDisturbedIsAnExcuse(t *testing.T) {
	for _, fault := range []history.Fault{history.PostgresFault, history.PostgresLoss, history.ClockFault} {
		begin(small(), 2).fault(fault, history.None).at(20 * ttl).lawful(t)
	}
}

func TestSignalsAreOwedByALeaderThatReachesLedgerAndBroker(t *testing.T) {
	tell := func(reach uint8, more ...history.Fault) *story {
		s := begin(small(), 2).fault(history.RedisFault, history.None)
		for _, fault := range more {
			s.fault(fault, history.None)
		}
		s.reach(0, reach).at(ttl).opens(0, 1).leads(0, 1, 2*ttl)
		return s.signal(history.Stored, 1).leads(0, 1, 20*ttl)
	}
	tell(onlyPostgres).breaks(t, Recovers, 8*ttl)
	tell(1 << core.Postgres).lawful(t)
	tell(onlyPostgres, history.BrokerFault).lawful(t)
}

func TestAQueueOfSignalsTakesItsTime(t *testing.T) {
	cfg := small()
	cfg.QueueTurn = time.Second
	tell := func(signals core.SignalID) *story {
		s := begin(cfg, 1).elects(0, 1)
		for id := range signals {
			s.signal(history.Stored, id+1)
		}
		return s.leads(0, 1, 20*ttl)
	}
	tell(15).breaks(t, Recovers, 5*ttl)
	tell(16).breaks(t, Recovers, 6*ttl)
	tell(50).breaks(t, Recovers, 8*ttl)
	s := begin(cfg, 1).elects(0, 1)
	for id := range core.SignalID(50) {
		s.signal(history.Stored, id+1)
	}
	s.leads(0, 1, 7*ttl)
	for id := range core.SignalID(50) {
		s.state(id+1, core.Expired)
	}
	s.signal(history.Stored, 51).leads(0, 1, 20*ttl).breaks(t, Recovers, 12*ttl)
}

func TestAQueueThatIsGoneTakesNoTime(t *testing.T) {
	cfg := small()
	cfg.QueueTurn = time.Second
	tell := func(with core.SignalID) *story {
		s := begin(cfg, 1).elects(0, 1)
		for id := range core.SignalID(50) {
			s.signal(history.Stored, id+1)
		}
		s.leads(0, 1, ttl)
		for id := range 50 - with {
			s.state(id+1, core.Expired)
		}
		s.signal(history.Stored, 51)
		for id := range with {
			s.state(50-id, core.Expired)
		}
		return s
	}
	// One that met the end of the queue waits for no more than it met.
	tell(14).leads(0, 1, 20*ttl).breaks(t, Recovers, 6*ttl)
	tell(15).leads(0, 1, 20*ttl).breaks(t, Recovers, 7*ttl)
	// Those that come later may have their turn before.
	s := tell(1)
	for id := range core.SignalID(15) {
		s.signal(history.Stored, 52+id)
	}
	s.leads(0, 1, 20*ttl).breaks(t, Recovers, 7*ttl)
}

func TestALeaseThatAClockHasLengthenedMayStand(t *testing.T) {
	tell := func() *story {
		s := begin(small(), 1).at(ttl)
		s.tell(history.Record{Kind: history.LeaseSet, Node: 0, Token: core.Token{Nonce: 9}, Until: 6 * ttl})
		return s
	}
	tell().at(7 * ttl).lawful(t)
	tell().at(7*ttl+1).breaks(t, Recovers, 7*ttl)
	held := begin(small(), 1)
	for range 20 {
		held.after(100 * ms).acquires(0) // renewed again and again, and nobody leads
	}
	held.after(ms).breaks(t, Recovers, 2*ttl)
}
