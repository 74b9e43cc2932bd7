package seam_test

import (
	"context"
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
		want := seam.Passage{Point: point, Passed: 5, Waiting: 2}
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

func TestUnknownPointIsRefusedWithTheAllowedOnes(t *testing.T) {
	for _, hold := range []seam.Hold{{Point: "before:lunch"}, {Point: "permit"}, {Point: point, Count: -1}} {
		err := seam.New().Hold(hold)
		if err == nil || hold.Count == 0 && !strings.Contains(err.Error(), point) {
			t.Errorf("%+v: %v", hold, err)
		}
	}
}
