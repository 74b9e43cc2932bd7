package signature_test

import (
	"testing"
	"time"

	"fencepost/internal/intake/signature"
)

func TestRepeatedIDIsRecognizedWhileItsSignatureHolds(t *testing.T) {
	m := signature.NewMemory[string](10)
	now := time.Unix(1_000_000, 0)
	until := now.Add(time.Minute)
	begin := func(id, body string, at time.Time, answer string, want signature.Found) {
		t.Helper()
		if got, found := m.Begin(id, []byte(body), at, until); got != answer || found != want {
			t.Errorf("%s: %q, %v; want %q, %v", id, got, found, answer, want)
		}
	}
	begin("a", "body", now, "", signature.New)
	begin("a", "body", now, "", signature.Busy)
	begin("a", "other", now, "", signature.Reused)
	m.End("a", "stored", true)
	begin("a", "body", until.Add(-1), "stored", signature.Answered)
	begin("a", "other", until.Add(-1), "stored", signature.Reused)
	begin("b", "body", now, "", signature.New)
	m.End("b", "not known", false)
	begin("b", "body", now, "", signature.New)
	begin("a", "other", until, "", signature.New)
}

func TestRetryKeepsAnIDForLonger(t *testing.T) {
	m := signature.NewMemory[string](10)
	now := time.Unix(1_000_000, 0)
	m.Begin("a", nil, now, now.Add(time.Minute))
	m.End("a", "stored", true)
	m.Begin("a", nil, now, now.Add(time.Hour))
	if _, found := m.Begin("a", nil, now.Add(30*time.Minute), now); found != signature.Answered {
		t.Errorf("%v", found)
	}
}

func TestMemoryIsBoundedAndForgetsTheOldest(t *testing.T) {
	m := signature.NewMemory[string](3)
	now := time.Unix(1_000_000, 0)
	for _, id := range []string{"a", "b", "c", "d"} {
		m.Begin(id, nil, now, now.Add(time.Hour))
		m.End(id, id, true)
	}
	for _, id := range []string{"b", "c", "d"} {
		if got, found := m.Begin(id, nil, now, now); found != signature.Answered || got != id {
			t.Errorf("%s: %q, %v", id, got, found)
		}
	}
	// An end that comes after its id was forgotten changes nothing.
	m.End("a", "a", true)
	if _, found := m.Begin("a", nil, now, now.Add(time.Hour)); found != signature.New {
		t.Errorf("a: %v", found)
	}
}
