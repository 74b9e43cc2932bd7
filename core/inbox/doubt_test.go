package inbox_test

import (
	"testing"

	"fencepost/core"
	"fencepost/core/inbox"
)

// PROTOCOL 5.1.8, 5.1.9: what is odd is refused or held, and a refusal goes
// before a hold.
func TestOddSignalIsRefusedOrHeld(t *testing.T) {
	for screening, want := range map[inbox.Screening]struct {
		state core.SignalState
		doubt inbox.Doubt
	}{
		{}:                                   {core.Received, inbox.NoDoubt},
		{RefuseSimilar: true}:                {core.Received, inbox.NoDoubt},
		{Ahead: true}:                        {core.Held, inbox.Ahead},
		{Ahead: true, RefuseSimilar: true}:   {core.Held, inbox.Ahead},
		{Similar: true}:                      {core.Held, inbox.Similar},
		{Similar: true, Ahead: true}:         {core.Held, inbox.Similar},
		{Similar: true, RefuseSimilar: true}: {core.Rejected, inbox.Similar},
		{Similar: true, RefuseSimilar: true, Ahead: true}: {core.Rejected, inbox.Similar},
	} {
		if state, doubt := screening.Begin(); state != want.state || doubt != want.doubt {
			t.Errorf("%+v begins %v for %v, want %v for %v", screening, state, doubt, want.state, want.doubt)
		}
	}
}

// PROTOCOL 5.1.8: a signal that was refused when it came is told so the first
// time; afterwards it is a duplicate like any other.
func TestRememberedRefusalIsARefusal(t *testing.T) {
	for _, c := range []struct {
		did   inbox.Admission
		state core.SignalState
		want  inbox.Verdict
	}{
		{inbox.Fresh, core.Rejected, inbox.Refused},
		{inbox.Fresh, core.Received, inbox.Accepted},
		{inbox.Fresh, core.Held, inbox.Accepted},
		{inbox.Duplicate, core.Rejected, inbox.AlreadyKnown},
		{inbox.Clash, core.Rejected, inbox.Contradicts},
		{inbox.AdmissionUnknown, core.NoSignal, inbox.Retry},
	} {
		if verdict, _ := c.did.Outcome(c.state); verdict != c.want {
			t.Errorf("admission %d in %v: %v, want %v", c.did, c.state, verdict, c.want)
		}
	}
}

func TestDoubtsHaveWords(t *testing.T) {
	for _, d := range inbox.Doubts() {
		if found, ok := inbox.ParseDoubt(d.String()); !ok || found != d {
			t.Errorf("%v is read as %v", d, found)
		}
	}
	if _, ok := inbox.ParseDoubt("none"); ok || len(inbox.Doubts()) != 2 {
		t.Errorf("doubts %v", inbox.Doubts())
	}
}
