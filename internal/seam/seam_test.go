package seam_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"fencepost/internal/seam"
)

const point = "before:permit"

// passing starts a call and tells when it has passed.
func passing(ctx context.Context, s *seam.Switch) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		s.Pass(ctx, point)
		close(done)
	}()
	return done
}

func passed(done <-chan struct{}) bool {
	synctest.Wait()
	select {
	case <-done:
		return true
	default:
		return false
	}
}

func TestHeldPointLetsGoWhenItIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seam.New()
		if !passed(passing(t.Context(), s)) {
			t.Fatal("a point that nobody holds was not passed")
		}
		if err := s.Hold(seam.Hold{Point: point, Skip: 1, Count: 2}); err != nil {
			t.Fatal(err)
		}
		skipped := passing(t.Context(), s)
		if !passed(skipped) {
			t.Error("the first call was to be let through")
		}
		first, second := passing(t.Context(), s), passing(t.Context(), s)
		if passed(first) || passed(second) {
			t.Error("two calls were to be held")
		}
		if !passed(passing(t.Context(), s)) {
			t.Error("the call after those was not to be held")
		}
		want := seam.Passage{Point: point, Passed: 5, Waiting: 2, Armed: true}
		if got := s.Passages(); len(got) != 1 || got[0] != want {
			t.Errorf("passages %+v, want %+v", got, want)
		}
		s.Release(point)
		if !passed(first) || !passed(second) {
			t.Error("a released call goes on waiting")
		}
	})
}

func TestHeldCallLeavesAfterItsTimeOrWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seam.New()
		if err := s.Hold(seam.Hold{Point: point, For: time.Second}); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-passing(t.Context(), s)
		if took := time.Since(began); took != time.Second {
			t.Errorf("held for %v, want 1s", took)
		}
		if err := s.Hold(seam.Hold{Point: point}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		waiting := passing(ctx, s)
		if passed(waiting) {
			t.Error("not held")
		}
		cancel()
		<-waiting
		s.ReleaseAll()
		if !passed(passing(t.Context(), s)) {
			t.Error("held after everything was released")
		}
	})
}

// Whoever has read how often a point was passed asks for a later passage; if
// that has been meanwhile it is told so, and nothing is held by mistake.
func TestHoldOfANumberedPassageWaitsForItOrIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := seam.New()
		<-passing(t.Context(), s)
		if err := s.Hold(seam.Hold{Point: point, Nth: 3, Count: 1}); err != nil {
			t.Fatal(err)
		}
		if !passed(passing(t.Context(), s)) {
			t.Error("the second was to be let through")
		}
		third := passing(t.Context(), s)
		if passed(third) || !passed(passing(t.Context(), s)) {
			t.Error("the third alone was to be held")
		}
		if err := s.Hold(seam.Hold{Point: point, Nth: 4}); !errors.Is(err, seam.ErrPassed) {
			t.Errorf("the fourth was passed: %v", err)
		}
		if passed(third) {
			t.Error("a refused hold has ended the one that stood")
		}
		s.Release(point)
		<-third
		if got := s.Passages()[0]; got.Armed || got.Passed != 4 {
			t.Errorf("%+v", got)
		}
	})
}

func TestEveryEventOfANodeIsAPoint(t *testing.T) {
	points := seam.Points()
	for _, name := range []string{"at:permit.requested", "at:leader.elected", "before:renew", "after:admit"} {
		if !slices.Contains(points, name) {
			t.Errorf("%s is no point", name)
		}
	}
	// Nobody who runs a node tells these; a hold there would never be reached.
	for _, name := range []string{"at:none", "at:order.sent", "at:signal.received"} {
		if slices.Contains(points, name) {
			t.Errorf("%s is a point", name)
		}
	}
}

func TestUnknownPointIsRefusedWithTheAllowedOnes(t *testing.T) {
	for _, hold := range []seam.Hold{
		{Point: "before:lunch"},
		{Point: "permit"},
		{Point: point, Count: -1},
		{Point: point, Skip: 1, Nth: 1},
	} {
		err := seam.New().Hold(hold)
		if err == nil || hold.Point != point && !strings.Contains(err.Error(), point) {
			t.Errorf("%+v: %v", hold, err)
		}
	}
}
