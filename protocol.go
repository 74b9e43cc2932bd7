package fencepost

import (
	"context"
	"fmt"

	"fencepost/core"
)

// outside says which versions of the protocol the ledger admits, if this
// instance's is none of them; empty if it is.
func outside(speaks uint16, admitted uint32) string {
	lowest, highest := uint16(admitted>>16), uint16(admitted)
	if admitted == 0 || lowest <= speaks && speaks <= highest {
		return ""
	}
	return fmt.Sprintf("speaks version %d of the protocol, and the ledger admits %d to %d", speaks, lowest,
		highest)
}

// ineligible says why this instance could not lead; empty if it could.
func (k *Coordinator) ineligible(s *core.Status) string {
	why := outside(k.protocol.Protocol, s.View.Protocol)
	switch {
	case s.Eligible:
		return ""
	case k.protocol.Ineligible:
		return "eligible: false"
	case s.Barred:
		return barredWord
	case why != "":
		return why
	default:
		return "stopping"
	}
}

// tellAdmission logs when the ledger stops admitting this instance's version of
// the protocol, and when it admits it again.
func (k *Coordinator) tellAdmission(before bool) (admitted bool) {
	s := k.driver.Status()
	why := outside(k.protocol.Protocol, s.View.Protocol)
	switch {
	case why != "" && before:
		text := "this instance does not stand for leadership: it "
		if s.Believes {
			text = "this instance leads until it hands over, and will not stand again: it "
		}
		k.observer.Log().Error(text+why,
			"event", "protocol.not_admitted", "protocol", k.protocol.Protocol)
	case why == "" && !before:
		k.observer.Log().Info("this instance's version of the protocol is admitted again",
			"event", "protocol.admitted", "protocol", k.protocol.Protocol)
	}
	return why == ""
}

// AdmitProtocol says which versions of the protocol may lead, lowest to highest;
// zero and zero admit every version. A leader outside of it goes on until it hands
// over, and is not followed by another outside of it.
func (r *Reader) AdmitProtocol(ctx context.Context, lowest, highest uint16) error {
	return r.ledger.SetProtocol(ctx, lowest, highest)
}
