package scenarios

import (
	"fencepost/core"

	"fencepost/core/event"
)

func (s *Step) walk(c codec) {
	c.value("id", nameValue{&s.ID})
	s.Trigger.walk(c)
	c.value("heals", wordOf(&s.Heals))
	c.values("class", wordsOf(&s.Class))
	current := ""
	if s.Verb != nil {
		current = s.Verb.Word()
	}
	if walk, ok := verbWalks[c.choice("verb", current)]; ok {
		s.Verb = walk(c, s.Verb)
	}
}

func (t *Trigger) walk(c codec) {
	current := ""
	if t.Kind != NoTrigger {
		current = t.Kind.String()
	}
	switch c.choice("trigger", current) {
	case "at":
		t.Kind = AtTrigger
		c.value("at", always{&t.At})
	case "when":
		t.Kind = WhenTrigger
		c.object("when", func(c codec) {
			c.value("event", enumOf(&t.When.Event, event.Parse))
			c.value("node", &t.When.Node)
			c.value("nth", &t.When.Nth)
		})
	case "after":
		t.Kind = AfterTrigger
		c.value("after", &t.After)
		c.value("plus", &t.Plus)
	}
}

// always makes the writer print a value that is zero and meant.
type always struct{ value }

func (always) absent() bool { return false }

// verbWalks holds the walk of each verb. Its keys are verbNames.
var verbWalks = map[string]func(codec, Verb) Verb{
	"kill":     walkOf("kill", (*Kill).walk),
	"stop":     walkOf("stop", (*Stop).walk),
	"pause":    walkOf("pause", (*Pause).walk),
	"net":      walkOf("net", (*Net).walk),
	"clock":    walkOf("clock", (*Clock).walk),
	"redis":    walkOf("redis", (*Redis).walk),
	"postgres": walkOf("postgres", (*Postgres).walk),
	"broker":   walkOf("broker", (*Broker).walk),
	"webhook":  walkOf("webhook", (*Webhook).walk),
	"control":  walkOf("control", (*Control).walk),
	"operator": walkOf("operator", (*Operator).walk),
	"roll":     walkOf("roll", (*Roll).walk),
}

// walkOf returns a walk that takes the verb as a value, and returns it as one.
func walkOf[T Verb](word string, walk func(*T, codec)) func(codec, Verb) Verb {
	return func(c codec, verb Verb) Verb {
		// A verb that is read for the first time is nil; the writer has one of this
		// type.
		v, _ := verb.(T)
		c.object(word, func(c codec) { walk(&v, c) })
		return v
	}
}

func (v *Kill) walk(c codec) {
	c.value("node", &v.Node)
	c.value("as", nameValue{&v.As})
	c.value("restart", &v.Restart)
}

func (v *Stop) walk(c codec) {
	c.value("node", &v.Node)
	c.value("as", nameValue{&v.As})
	c.value("restart", &v.Restart)
}

func (v *Pause) walk(c codec) {
	c.value("node", &v.Node)
	c.value("as", nameValue{&v.As})
	c.value("for", &v.For)
}

func (v *Net) walk(c codec) {
	c.value("link", &v.Link)
	c.value("effect", wordOf(&v.Effect))
	c.value("delay", &v.Delay)
	c.value("jitter", &v.Jitter)
	c.value("rate", &v.Rate)
	c.value("on", enumOf(&v.On, core.ParseOp))
	c.value("for", &v.For)
	c.value("as", nameValue{&v.As})
}

func (v *Clock) walk(c codec) {
	c.value("node", &v.Node)
	c.value("jump", &v.Jump)
	c.value("drift", &v.Drift)
	c.value("suspend", suspendValue{&v.Suspend})
	c.value("for", &v.For)
	if v.Suspend == asFor && !v.For.IsZero() {
		v.Suspend, v.For = v.For, Span{}
	}
}

func (v *Redis) walk(c codec) {
	c.value("act", wordOf(&v.Act))
	c.value("lose_last", &v.LoseLast)
	c.value("down", &v.Down)
	c.value("by", &v.By)
	c.value("for", &v.For)
	c.values("serves", listOf[Party]{&v.Serves, func(p *Party) value { return p }})
	c.value("to", &v.To)
}

func (v *Postgres) walk(c codec) {
	c.value("act", wordOf(&v.Act))
	c.value("down", &v.Down)
	c.value("by", &v.By)
	c.value("for", &v.For)
}

func (v *Broker) walk(c codec) {
	c.value("act", wordOf(&v.Act))
	c.value("delay", &v.Delay)
	c.value("for", &v.For)
}

func (v *Webhook) walk(c codec) {
	c.value("act", wordOf(&v.Act))
	c.value("count", &v.Count)
	c.value("to", &v.To)
}

func (v *Control) walk(c codec) {
	c.value("set", enumOf(&v.Set, core.ParseControl))
}

func (v *Operator) walk(c codec) {
	c.value("act", wordOf(&v.Act))
	c.value("verdict", wordOf(&v.Verdict))
	c.value("delay", &v.Delay)
}

func (v *Roll) walk(c codec) {
	c.value("every", &v.Every)
	c.value("how", wordOf(&v.How))
	c.value("to", wordOf(&v.To))
}
