package redislease_test

import (
	"strings"
	"testing"

	"fencepost/core"
	"fencepost/internal/redislease"
	"fencepost/internal/testbed"
)

// renewUnder renews the lease of a leader of that epoch.
func (p *process) renewUnder(epoch core.Epoch) core.Input {
	p.t.Helper()
	in, err := p.Call(p.t.Context(), &core.Effect{Op: core.Renew, Token: p.token, Epoch: epoch})
	if err != nil {
		p.t.Fatal(err)
	}
	in.Server = 0
	return in
}

// witness reads the memory of the highest epoch.
func (p *process) witness() core.Epoch {
	p.t.Helper()
	epoch, err := p.Witness(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return epoch
}

func TestRenewalRaisesTheWitnessAndNeverLowersIt(t *testing.T) {
	s := testbed.Redis(t)
	n1, c := start(t, s.Addr(), "n1", 0xa), plain(t, s)
	if in := n1.call(core.Acquire); in.Epoch != 0 || n1.witness() != 0 {
		t.Errorf("a server that has seen no leader remembers epoch %d", in.Epoch)
	}
	for _, step := range []struct{ epoch, want core.Epoch }{{0, 0}, {3, 3}, {2, 3}, {0, 3}, {12, 12}} {
		want := core.Input{Kind: core.LeaseRenewed, Token: n1.token, Epoch: step.want}
		if in := n1.renewUnder(step.epoch); in != want || n1.witness() != step.want {
			t.Errorf("renewed under %d: %+v and witness %d, want %d",
				step.epoch, in, n1.witness(), step.want)
		}
	}
	if got := c.Get(t.Context(), "fencepost:{test}:witness").Val(); got != "12" {
		t.Errorf("the key holds %q", got)
	}
	if d := c.PTTL(t.Context(), redislease.WitnessKey("test")).Val(); d != -1 {
		t.Errorf("the witness expires in %v", d)
	}
}

// Who holds no lease may have been superseded, or speak for an epoch that the
// ledger has lost.
func TestRenewalThatRenewsNothingRaisesNothing(t *testing.T) {
	s := testbed.Redis(t)
	n1, n2 := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb)
	if in := n1.renewUnder(7); in != (core.Input{Kind: core.LeaseWasLost}) || n1.witness() != 0 {
		t.Errorf("of an absent lease: %+v, witness %d", in, n1.witness())
	}
	n2.call(core.Acquire)
	n2.renewUnder(4)
	lost := core.Input{Kind: core.LeaseWasLost, Token: n2.token, Epoch: 4}
	if in := n1.renewUnder(7); in != lost || n1.witness() != 4 {
		t.Errorf("of another's lease: %+v, witness %d", in, n1.witness())
	}
}

func TestEveryAnswerAboutWhoHoldsTheLeaseCarriesTheWitness(t *testing.T) {
	s := testbed.Redis(t)
	n1, n2 := start(t, s.Addr(), "n1", 0xa), start(t, s.Addr(), "n2", 0xb)
	n1.call(core.Acquire)
	n1.renewUnder(5)
	if in := n1.call(core.Acquire); in.Kind != core.LeaseAcquired || in.Epoch != 5 {
		t.Errorf("acquired again: %+v", in)
	}
	if in := n2.call(core.Acquire); in.Kind != core.LeaseDenied || in.Epoch != 5 {
		t.Errorf("denied: %+v", in)
	}
	if in := n2.call(core.Renew); in.Kind != core.LeaseWasLost || in.Epoch != 5 {
		t.Errorf("lost: %+v", in)
	}
	if in := n1.call(core.Release); in.Epoch != 0 || n1.witness() != 5 {
		t.Errorf("released: %+v, witness %d", in, n1.witness())
	}
}

// A witness that nobody can read vouches for nothing: no lease is granted, and
// none is written, on the strength of it.
func TestWitnessThatIsNoNumberStopsTheElection(t *testing.T) {
	s := testbed.Redis(t)
	n1, c := start(t, s.Addr(), "n1", 0xa), plain(t, s)
	c.Set(t.Context(), redislease.WitnessKey("test"), "many", 0)
	e := core.Effect{Op: core.Acquire, Token: n1.token}
	if in, err := n1.Call(t.Context(), &e); err == nil || !strings.Contains(err.Error(), "is no number") {
		t.Errorf("acquired: %+v, %v", in, err)
	}
	if n := c.Exists(t.Context(), redislease.Key("test")).Val(); n != 0 {
		t.Error("the lease was written")
	}
	if _, err := n1.Witness(t.Context()); err == nil {
		t.Error("read a witness that is no number")
	}
}
