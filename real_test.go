package fencepost_test

import (
	"testing"

	"fencepost"
)

func TestRealLeaderElection(t *testing.T) {
	s := newStage(t)
	first := s.start("blue-1", nil)
	first.leads()
	second := s.start("green-1", nil)
	until(t, "the second is ready", func() bool { return second.Status().Ready })
	if second.IsLeader() {
		t.Fatal("two instances lead")
	}
	if err := second.Resign(t.Context()); err != fencepost.ErrNotLeader {
		t.Errorf("a follower resigned: %v", err)
	}
	first.stop()
	second.leads()
	t.Log(first.log.String(), second.log.String())
	if epoch := second.Status().Epoch; epoch != 2 {
		t.Errorf("the second leads under epoch %d, want 2", epoch)
	}
}
