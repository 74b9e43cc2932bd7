package link_test

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"fencepost/chaos/link"
	"fencepost/scenarios"
)

// inEveryLanguage runs a test for each direction of a link of each protocol,
// with a connection that has been used.
func inEveryLanguage(t *testing.T, test func(*testing.T, *speaker, link.Link, *client, scenarios.Arrow)) {
	for _, lang := range languages() {
		for _, arrow := range []scenarios.Arrow{scenarios.Towards, scenarios.Back, scenarios.Both} {
			t.Run(lang.protocol.String()+arrow.String(), func(t *testing.T) {
				t.Parallel()
				s := startSpeaker(t, lang)
				l := open(t, lang.protocol, s.Addr().String())
				c := s.enter(t, l)
				c.converse(s.named)
				test(t, s, l, c, arrow)
			})
		}
	}
}

// resets waits for the connection's reset.
func (c *client) resets() {
	c.t.Helper()
	if err := c.breaks(); !errors.Is(err, syscall.ECONNRESET) {
		c.t.Errorf("the connection ended with %v, want a reset", err)
	}
}

// works tries the link with a connection of its own.
func works(t *testing.T, s *speaker, l link.Link) {
	t.Helper()
	before := s.carriedOut()
	s.enter(t, l).converse(s.named)
	until(t, "one more request", func() bool { return s.carriedOut() > before })
}

func TestDropLosesWhatGoesItsWayAndResetsAtHeal(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, s *speaker, l link.Link, c *client, arrow scenarios.Arrow) {
		damage(t, l, 1, scenarios.Drop, arrow)
		c.say(s.named.ask)
		arrived := 1
		if arrow == scenarios.Back {
			arrived = 2
			s.carriesOut(t, arrived)
		}
		c.hearsNothing()
		heal(t, l, 1)
		c.resets()
		s.carriesOut(t, arrived)
		works(t, s, l)
	})
}

func TestHoldDeliversWhatWentItsWayAtHealAndEndsTheConnection(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, s *speaker, l link.Link, c *client, arrow scenarios.Arrow) {
		damage(t, l, 1, scenarios.Hold, arrow)
		c.say(s.named.ask)
		if arrow == scenarios.Back {
			s.carriesOut(t, 2)
		}
		c.hearsNothing()
		if n := s.carriedOut(); arrow != scenarios.Back && n != 1 {
			t.Errorf("%d requests arrived", n)
		}
		heal(t, l, 1)
		if arrow == scenarios.Back {
			c.hears(s.named.answer)
			_ = c.breaks()
		} else {
			c.resets()
		}
		s.carriesOut(t, 2)
		stats := l.Stats()
		if arrow == scenarios.Back && stats.Back.Held != int64(len(s.named.answer)) ||
			arrow != scenarios.Back && stats.Towards.Held != int64(len(s.named.ask)) {
			t.Errorf("%+v", stats)
		}
		works(t, s, l)
	})
}

func TestRefuseResetsWhatIsOpenAndLetsNothingBegin(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, s *speaker, l link.Link, c *client, arrow scenarios.Arrow) {
		damage(t, l, 1, scenarios.Refuse, arrow)
		c.resets()
		if arrow == scenarios.Back {
			// Only what comes back is refused: the request is carried out.
			fresh := dial(t, l)
			fresh.say(s.greeting.ask + s.named.ask)
			fresh.resets()
			s.carriesOut(t, 2)
		} else if _, err := net.Dial("tcp4", l.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("a new connection: %v, want a refusal", err)
		}
		heal(t, l, 1)
		works(t, s, l)
	})
}

func TestResetEndsWhatIsOpenWhateverTheArrow(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, s *speaker, l link.Link, c *client, arrow scenarios.Arrow) {
		damage(t, l, 1, scenarios.Reset, arrow)
		c.resets()
		works(t, s, l)
		again := link.Damage{Effect: scenarios.Reset, Arrow: arrow, Interval: 20 * time.Millisecond}
		if err := l.Damage(1, again); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if c, err := net.Dial("tcp4", l.Addr()); err == nil {
				(&client{c, t}).resets()
				_ = c.Close()
			} else if !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
		}
		heal(t, l, 1)
		works(t, s, l)
	})
}

func TestLatencyDelaysEachWayThatTheArrowNames(t *testing.T) {
	const delay = 40 * time.Millisecond
	inEveryLanguage(t, func(t *testing.T, s *speaker, l link.Link, c *client, arrow scenarios.Arrow) {
		d := link.Damage{Effect: scenarios.Latency, Arrow: arrow, Delay: delay, Jitter: delay / 8}
		if err := l.Damage(1, d); err != nil {
			t.Fatal(err)
		}
		least := delay
		if arrow == scenarios.Both {
			least = 2 * delay
		}
		begin := time.Now()
		c.say(s.named.ask)
		if arrow != scenarios.Back {
			s.carriesOut(t, 2)
			if took := time.Since(begin); took < delay {
				t.Errorf("the request took %v, want %v", took, delay)
			}
		}
		c.hears(s.named.answer)
		if took := time.Since(begin); took < least {
			t.Errorf("a round trip took %v, want %v", took, least)
		}
		heal(t, l, 1)
		c.converse(s.named)
	})
}

func TestFlapIsSilentFirstAndWellInBetween(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, s *speaker, l link.Link, c *client, arrow scenarios.Arrow) {
		d := link.Damage{Effect: scenarios.Flap, Arrow: arrow, Delay: 4 * silence}
		if err := l.Damage(1, d); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		c.say(s.named.ask)
		c.hearsNothing()
		c.resets()
		if took := time.Since(begin); took < 4*silence {
			t.Errorf("the link was well after %v", took)
		}
		s.enter(t, l).converse(s.named)
		until(t, "silence", func() bool {
			// Each try is a connection of its own: one that was silent is reset.
			fresh, err := net.Dial("tcp4", l.Addr())
			if err != nil {
				return false
			}
			defer fresh.Close()
			_ = fresh.SetDeadline(time.Now().Add(silence))
			if _, err := fresh.Write([]byte(s.greeting.ask + s.named.ask)); err != nil {
				return false
			}
			_, err = fresh.Read(make([]byte, 1))
			return err != nil && !gone(err)
		})
		heal(t, l, 1)
		works(t, s, l)
	})
}

func TestCutReplyLosesTheNamedReplyAndNoOther(t *testing.T) {
	inEveryLanguage(t, func(t *testing.T, s *speaker, l link.Link, c *client, arrow scenarios.Arrow) {
		d := link.Damage{Effect: scenarios.CutReply, Arrow: arrow, On: s.op}
		if err := l.Damage(1, d); err != nil {
			t.Fatal(err)
		}
		bystander := s.enter(t, l)
		// Two requests in one breath: the first reply arrives, the second does not.
		c.say(s.other.ask + s.named.ask)
		c.hears(s.other.answer)
		c.resets()
		s.carriesOut(t, 2)
		bystander.converse(s.other)
		if stats := l.Stats(); stats.RepliesCut != 1 {
			t.Errorf("%+v", stats)
		}
		heal(t, l, 1)
		bystander.converse(s.named)
	})
}
