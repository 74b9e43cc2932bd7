package fencepost

import (
	"context"
	"errors"
	"testing"
)

// says is a store that names a leader.
func says(name string) whoLeads {
	return func(context.Context) (string, error) { return name, nil }
}

func TestDetectSplitBrainNoConflict(t *testing.T) {
	got, err := detectSplitBrain(t.Context(), says("blue-1"), says("blue-1"))
	if got != nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDetectSplitBrainConflictDifferentLeaders(t *testing.T) {
	got, err := detectSplitBrain(t.Context(), says("blue-1"), says("green-1"))
	want := SplitBrain{RedisLeader: "blue-1", DBLeader: "green-1", Conflict: true}
	if err != nil || got == nil || *got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

func TestDetectSplitBrainRedisLeaderNoDBLeader(t *testing.T) {
	if got, err := detectSplitBrain(t.Context(), says("blue-1"), says("")); got != nil || err != nil {
		t.Errorf("a takeover under way was called a conflict: %+v, %v", got, err)
	}
}

func TestDetectSplitBrainNoRedisLeaderHasDBLeader(t *testing.T) {
	if got, err := detectSplitBrain(t.Context(), says(""), says("blue-1")); got != nil || err != nil {
		t.Errorf("a lease that ran out was called a conflict: %+v, %v", got, err)
	}
}

func TestDetectSplitBrainNoDBManager(t *testing.T) {
	if got, err := detectSplitBrain(t.Context(), says("blue-1"), nil); got != nil || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDetectSplitBrainHandlesDBError(t *testing.T) {
	away := errors.New("no answer")
	fails := func(context.Context) (string, error) { return "", away }
	for name, ask := range map[string][2]whoLeads{
		"database": {says("blue-1"), fails}, "Redis": {fails, says("blue-1")}, "both": {fails, fails},
	} {
		got, err := detectSplitBrain(t.Context(), ask[0], ask[1])
		if got != nil || !errors.Is(err, away) {
			t.Errorf("%s away: %+v, %v", name, got, err)
		}
	}
}
