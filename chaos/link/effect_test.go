package link_test

import (
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"fencepost/chaos/link"
	"fencepost/core"
	"fencepost/scenarios"
)

func TestAHealthyLinkCarriesBothWays(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	c := dial(t, l)
	c.say("one")
	c.hears("one")
	c.say("two")
	c.hears("two")
	until(t, "six bytes each way", func() bool {
		s := l.Stats()
		return s.Towards.Bytes == 6 && s.Back.Bytes == 6 && s.Open == 1
	})
}

func TestDroppedRequestsArriveNowhereAndTheirConnectionIsResetAtHeal(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	c, idle := dial(t, l), dial(t, l)
	c.say("one")
	c.hears("one")
	idle.say("i")
	idle.hears("i")
	damage(t, l, 1, scenarios.Drop, scenarios.Towards)
	c.say("lost")
	c.hearsNothing()
	server.heardInTime(t, "onei")
	heal(t, l, 1)
	if err := c.breaks(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection with a hole ended with %v, want a reset", err)
	}
	idle.say("still here")
	idle.hears("still here")
	if s := l.Stats(); s.Towards.Lost != 4 || s.Back.Lost != 0 {
		t.Errorf("%+v", s)
	}
}

func TestDroppedRepliesWereCarriedOut(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	damage(t, l, 1, scenarios.Drop, scenarios.Back)
	c := dial(t, l)
	c.say("done")
	server.heardInTime(t, "done")
	c.hearsNothing()
	heal(t, l, 1)
	if err := c.breaks(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("ended with %v, want a reset", err)
	}
}

func TestHeldRequestsAreDeliveredFirstAndTheirConnectionIsResetAfter(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	damage(t, l, 1, scenarios.Hold, scenarios.Both)
	c := dial(t, l)
	c.say("late")
	c.hearsNothing()
	server.heardInTime(t, "")
	heal(t, l, 1)
	server.heardInTime(t, "late")
	if err := c.breaks(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("ended with %v, want a reset", err)
	}
	if s := l.Stats(); s.Towards.Held != 4 {
		t.Errorf("%+v", s)
	}
}

func TestARefusedConnectionIsRefused(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	c := dial(t, l)
	c.say("one")
	c.hears("one")
	damage(t, l, 1, scenarios.Refuse, scenarios.Both)
	if err := c.breaks(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the open one ended with %v, want a reset", err)
	}
	if _, err := net.Dial("tcp4", l.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a new one got %v, want a refusal", err)
	}
	heal(t, l, 1)
	again := dial(t, l)
	again.say("two")
	again.hears("two")
}

func TestAResetBreaksWhatIsOpenAndNothingElse(t *testing.T) {
	server := startEcho(t)
	l := open(t, link.Opaque, server.Addr().String())
	c := dial(t, l)
	c.say("one")
	c.hears("one")
	damage(t, l, 1, scenarios.Reset, scenarios.Both)
	if err := c.breaks(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("ended with %v, want a reset", err)
	}
	again := dial(t, l)
	again.say("two")
	again.hears("two")
}

func TestNothingThatWasAskedLateIsAnswered(t *testing.T) {
	lang := languages()[0]
	server := startSpeaker(t, lang)
	l := open(t, lang.protocol, server.Addr().String())
	c := server.enter(t, l)
	c.converse(lang.named)
	reached, release := make(chan struct{}), make(chan struct{})
	requests := 0
	l.OnOperation(func(_ core.Op, phase link.Phase) {
		if phase == link.RequestSeen {
			if requests++; requests == 2 {
				close(reached)
				<-release
			}
		}
	})
	damage(t, l, 1, scenarios.Hold, scenarios.Towards)
	// The first request is answered long before the second is all there.
	c.say(lang.named.ask +
		"*2\r\n$200000\r\n" + strings.Repeat("x", 200_000) + "\r\n$11\r\n/* renew */\r\n")
	c.hearsNothing()
	heal(t, l, 1)
	<-reached
	server.carriesOut(t, 2)
	c.hearsNothing()
	close(release)
	c.resets()
}
