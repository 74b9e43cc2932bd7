package scenarios

import (
	"fencepost/core/check"
	"fencepost/core/event"
)

func (e *Expect) walk(c codec) {
	c.values("class", wordsOf(&e.Class))
	current := ""
	if e.Claim != nil {
		current = e.Claim.Word()
	}
	if walk, ok := claimWalks[c.choice("expectation", current)]; ok {
		e.Claim = walk(c, e.Claim)
	}
}

// claimWalks holds the walk of each expectation. Its keys are claimNames.
var claimWalks = map[string]func(codec, Claim) Claim{
	"never": func(c codec, claim Claim) Claim {
		v, _ := claim.(Never)
		c.value("never", enumOf(&v.Invariant, check.ParseInvariant))
		return v
	},
	"detect":    claimOf("detect", (*Detect).walk),
	"elect":     claimOf("elect", (*Elect).walk),
	"recover":   claimOf("recover", (*Recover).walk),
	"sometimes": claimOf("sometimes", (*Sometimes).walk),
	"no":        claimOf("no", (*No).walk),
	"at_most":   claimOf("at_most", (*AtMost).walk),
	"metric":    claimOf("metric", (*Metric).walk),
	"final": func(c codec, claim Claim) Claim {
		v, _ := claim.(Final)
		c.values("final", wordsOf(&v.States))
		return v
	},
}

// claimOf returns a walk that takes the claim as a value, and returns it as one.
func claimOf[T Claim](word string, walk func(*T, codec)) func(codec, Claim) Claim {
	return func(c codec, claim Claim) Claim {
		// A claim that is read for the first time is nil; the writer has one of
		// this type.
		v, _ := claim.(T)
		c.object(word, func(c codec) { walk(&v, c) })
		return v
	}
}

func (v *Detect) walk(c codec) {
	c.values("what", wordsOf(&v.What))
	c.value("node", &v.Node)
	c.value("from", &v.From)
	c.value("within", &v.Within)
	c.values("by", wordsOf(&v.By))
}

func (v *Elect) walk(c codec) {
	c.value("from", &v.From)
	c.value("within", &v.Within)
}

func (v *Recover) walk(c codec) {
	c.value("from", &v.From)
	c.value("within", &v.Within)
	c.value("rate", &v.Rate)
}

func (v *Sometimes) walk(c codec) {
	c.value("event", enumOf(&v.Event, event.Parse))
	c.value("at_least", intValue{&v.AtLeast})
}

func (v *No) walk(c codec) {
	c.value("event", enumOf(&v.Event, event.Parse))
	c.value("from", &v.From)
	c.value("until", &v.Until)
}

func (v *AtMost) walk(c codec) {
	c.value("event", enumOf(&v.Event, event.Parse))
	c.value("count", limitValue{intValue{&v.Count}})
	c.value("from", &v.From)
	c.value("until", &v.Until)
}

func (v *Metric) walk(c codec) {
	c.value("name", wordOf(&v.Name))
	c.value("node", &v.Node)
	if side := c.choice("bound", string(v.Side)); side != "" {
		v.Side = Side(side)
		c.value(side, numberValue{&v.Bound})
	}
	c.value("from", &v.From)
	c.value("until", &v.Until)
}
