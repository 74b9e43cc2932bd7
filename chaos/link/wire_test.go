package link_test

import (
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/scenarios"
)

func TestTheLatestFaultCountsAndTheOneBeforeComesBack(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	const delay = 50 * time.Millisecond
	slow := link.Damage{Effect: scenarios.Latency, Arrow: scenarios.Towards, Delay: delay}
	if err := l.Damage(1, slow); err != nil {
		t.Fatal(err)
	}
	damage(t, l, 2, scenarios.Drop, scenarios.Towards)
	damage(t, l, 3, scenarios.Refuse, scenarios.Both)
	if c, err := net.Dial("tcp4", l.Addr()); err == nil {
		_ = c.Close()
		t.Fatal("the latest fault does not count")
	}
	heal(t, l, 2)
	heal(t, l, 3)
	c := dial(t, l)
	begin := time.Now()
	c.say("slow")
	c.hears("slow")
	if took := time.Since(begin); took < delay {
		t.Errorf("the earlier fault did not come back: %v", took)
	}
	heal(t, l, 1)
	heal(t, l, 1)
	c.say("fast")
	c.hears("fast")
}

func TestADirectionKeepsItsFaultWhileTheOtherHeals(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	damage(t, l, 1, scenarios.Drop, scenarios.Both)
	damage(t, l, 2, scenarios.Hold, scenarios.Back)
	heal(t, l, 1)
	c := dial(t, l)
	c.say("there")
	server.heardInTime(t, "there")
	c.hearsNothing()
	heal(t, l, 2)
	c.hears("there")
}

func TestABadDamageIsRefused(t *testing.T) {
	l := open(t, link.Opaque, "127.0.0.1:1")
	damage(t, l, 1, scenarios.Drop, scenarios.Both)
	for want, d := range map[string]link.Damage{
		"in use":             {Effect: scenarios.Drop, Arrow: scenarios.Both},
		"needs a direction":  {Effect: scenarios.Drop},
		"unknown effect":     {Effect: "melt", Arrow: scenarios.Both},
		"needs an operation": {Effect: scenarios.CutReply, Arrow: scenarios.Both},
		"length of a state":  {Effect: scenarios.Flap, Arrow: scenarios.Both},
		"a byte takes":       {Effect: scenarios.Bandwidth, Arrow: scenarios.Both},
	} {
		if err := l.Damage(1, d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", d, err, want)
		}
	}
}

func TestANarrowWayIsSharedByItsConnections(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	const size, byteOf = 20_000, 5 * time.Microsecond
	for i, arrow := range []scenarios.Arrow{scenarios.Towards, scenarios.Back} {
		d := link.Damage{Effect: scenarios.Bandwidth, Arrow: arrow, Interval: byteOf}
		if err := l.Damage(i, d); err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat("x", size)
		begin := time.Now()
		one, two := dial(t, l), dial(t, l)
		one.say(text)
		two.say(text)
		one.hears(text)
		two.hears(text)
		if took := time.Since(begin); took < 2*size*byteOf {
			t.Errorf("%v: %d bytes in %v", arrow, 2*size, took)
		}
		heal(t, l, i)
	}
}

func TestLatencyIsNoQueue(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	const delay, pieces = 200 * time.Millisecond, 50
	d := link.Damage{Effect: scenarios.Latency, Arrow: scenarios.Both, Delay: delay, Jitter: delay / 4}
	if err := l.Damage(1, d); err != nil {
		t.Fatal(err)
	}
	c := dial(t, l)
	begin := time.Now()
	var text strings.Builder
	for i := range pieces {
		piece := strings.Repeat(string(rune('a'+i%26)), 7)
		text.WriteString(piece)
		c.say(piece)
		<-time.After(time.Millisecond) // each has to be a piece of its own
	}
	c.hears(text.String())
	if took := time.Since(begin); took < 2*delay || took > pieces*delay/2 {
		t.Errorf("%d pieces took %v, want little more than %v", pieces, took, 2*delay)
	}
}

func TestWhatWasAskedArrivesAlsoAfterTheClientGaveUp(t *testing.T) {
	late := link.Damage{Effect: scenarios.Latency, Arrow: scenarios.Towards, Delay: 100 * time.Millisecond}
	held := link.Damage{Effect: scenarios.Hold, Arrow: scenarios.Towards}
	for name, d := range map[string]link.Damage{"late": late, "held": held} {
		t.Run(name, func(t *testing.T) {
			server := startEcho(t)
			l := open(t, link.Opaque, server.Addr().String())
			used := dial(t, l)
			used.say("1")
			used.hears("1")
			if err := l.Damage(1, d); err != nil {
				t.Fatal(err)
			}
			used.say("23")
			_ = used.Close()
			if d.Effect == scenarios.Hold {
				until(t, "an end", func() bool { return l.Stats().Towards.Bytes == 1 })
				heal(t, l, 1)
			}
			server.heardInTime(t, "123")
			until(t, "an end", func() bool { return l.Stats().Open == 0 })
		})
	}
}

func TestAnObserverStrikesExactlyThere(t *testing.T) {
	for _, lang := range languages() {
		t.Run(lang.protocol.String(), func(t *testing.T) {
			s := startSpeaker(t, lang)
			l := open(t, lang.protocol, s.Addr().String())
			l.OnOperation(func(op core.Op, phase link.Phase) {
				if op == lang.op && phase == link.RequestSeen && s.carriedOut() == 0 {
					_ = l.Break()
				}
			})
			s.enter(t, l).say(lang.named.ask)
			until(t, "a break", func() bool {
				stats := l.Stats()
				return stats.Towards.Ops[lang.op] == 1 && stats.Open == 0
			})
			if n := s.carriedOut(); n != 0 {
				t.Errorf("%d requests were carried out", n)
			}
			l.OnOperation(func(op core.Op, phase link.Phase) {
				if op == lang.op && phase == link.ReplySeen {
					_ = l.Break()
				}
			})
			c := s.enter(t, l)
			c.say(lang.named.ask)
			c.resets()
			s.carriesOut(t, 1)
			l.OnOperation(nil)
			s.enter(t, l).converse(lang.named)
			if n := l.Stats().Towards.Ops[lang.op]; n != 3 {
				t.Errorf("%d requests seen", n)
			}
		})
	}
}

func TestARetargetedLinkLeadsElsewhereUnderTheSameAddress(t *testing.T) {
	first, second := startEcho(t), startEcho(t)
	l := open(t, link.Opaque, first.Addr().String())
	addr := l.Addr()
	c := dial(t, l)
	c.say("a")
	c.hears("a")
	if err := l.Retarget(second.Addr().String()); err != nil {
		t.Fatal(err)
	}
	c.resets()
	c = dial(t, l)
	c.say("b")
	c.hears("b")
	second.heardInTime(t, "b")
	if l.Addr() != addr {
		t.Errorf("%s has become %s", addr, l.Addr())
	}
}

func TestADeadUpstreamResetsAtOnce(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	_ = server.Close()
	c, err := net.DialTimeout("tcp4", l.Addr(), patience)
	if errors.Is(err, syscall.ECONNRESET) {
		return // it came before the dialling was over
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	(&client{c, t}).resets()
}

func TestEnginesDoNotMeet(t *testing.T) {
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			server := startEcho(t)
			healthy := open(t, link.Opaque, server.Addr().String())
			broken := open(t, link.Opaque, "127.0.0.1:1")
			damage(t, broken, 1, scenarios.Refuse, scenarios.Both)
			for range 20 {
				c := dial(t, healthy)
				c.say("mine")
				c.hears("mine")
			}
		})
	}
	work.Wait()
}

func TestAnEngineRefusesATakenNameAndWorkAfterItsEnd(t *testing.T) {
	e := link.New(1)
	l, err := e.Open("one", link.Opaque, "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Open("one", link.Opaque, "127.0.0.1:1"); err == nil {
		t.Error("a name was given twice")
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if _, err := e.Open("two", link.Opaque, "127.0.0.1:1"); err == nil {
		t.Error("a closed engine opened a link")
	}
	if l.Damage(1, link.Damage{Effect: scenarios.Drop, Arrow: scenarios.Both}) == nil || l.Break() == nil {
		t.Error("a closed link was damaged")
	}
}
