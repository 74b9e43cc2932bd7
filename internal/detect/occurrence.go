package detect

import (
	"fmt"

	"fencepost/core"
	"fencepost/scenarios"
)

// Occurrence is one fault, and what came of it.
type Occurrence struct {
	// At is when it struck, in the time of the run.
	At Span `json:"at"`
	// Old is the node that led, under Epoch; Next the one that led after it, or
	// history.None while nobody did.
	Old   int16      `json:"old"`
	Epoch core.Epoch `json:"epoch"`
	Next  int16      `json:"next"`
	// Measured is what was measured. What never happened is missing: a process that
	// died notices nothing.
	Measured map[Quantity]Span `json:"measured"`
	// LateEffects counts the permits and orders of the old leader after the first of
	// a younger epoch.
	LateEffects int `json:"late_effects,omitempty"`
}

// violation says what of an occurrence must not be, or "".
func (k *Kind) violation(o *Occurrence) string {
	overlap, handedOver := o.Measured[Overlap]
	_, gaveUp := o.Measured[GaveUp]
	switch {
	case o.LateEffects > 0:
		return fmt.Sprintf("%s had %s after the first of the next leader",
			scenarios.NodeName(o.Old), scenarios.Plural(o.LateEffects, "effect"))
	case k.Keeps && (handedOver || gaveUp):
		return fmt.Sprintf("%s gave up although nothing was wrong with its leadership",
			scenarios.NodeName(o.Old))
	case handedOver && overlap >= 0 && !k.MayOverlap:
		return fmt.Sprintf("%s believed until %s after %s had begun to", scenarios.NodeName(o.Old),
			scenarios.Seconds(int64(overlap)), scenarios.NodeName(o.Next))
	default:
		return ""
	}
}
