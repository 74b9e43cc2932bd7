package scenarios

import (
	"slices"
	"strings"
)

// classes lists the broker classes, in their order.
var classes = []BrokerClass{ClassA, ClassB, ClassC, ClassD}

// class is the broker class that the scenario is played under.
func (s *Scenario) class() BrokerClass { return s.WithDefaults().Cluster.Broker.Class }

// holds reports whether something is meant for the class.
func (b BrokerClass) holds(only []BrokerClass) bool {
	return len(only) == 0 || slices.Contains(only, b)
}

// under returns the scenario as it is played under the class: what is meant for
// others alone is left out, and the rest is meant for this one without a condition.
func (s *Scenario) under(class BrokerClass) *Scenario {
	own := *s
	own.Cluster.Broker.Class = class
	own.Steps = slices.DeleteFunc(slices.Clone(s.Steps), func(st Step) bool {
		return !class.holds(st.Class)
	})
	own.Expect = slices.DeleteFunc(slices.Clone(s.Expect), func(e Expect) bool {
		return !class.holds(e.Class)
	})
	for i := range own.Steps {
		own.Steps[i].Class = nil
	}
	for i := range own.Expect {
		own.Expect[i].Class = nil
	}
	return &own
}

// conditional reports whether a step or an expectation is meant for some classes
// alone.
func (s *Scenario) conditional() bool {
	return slices.ContainsFunc(s.Steps, func(st Step) bool { return len(st.Class) > 0 }) ||
		slices.ContainsFunc(s.Expect, func(e Expect) bool { return len(e.Class) > 0 })
}

// settle judges the scenario and leaves out what is not meant for its class. Where
// something is, the file has to make sense under each of the others too: what a part
// refers to must be there whenever the part is.
func (s *Scenario) settle(d *document) *Scenario {
	own := s
	if s.conditional() {
		own = s.under(s.class())
	}
	inspect(d, own)
	if own == s {
		return own
	}
	for _, class := range classes {
		if len(d.errors) > 0 {
			break
		}
		inspect(d, s.under(class))
	}
	own.Cluster.Broker.Class = s.Cluster.Broker.Class
	return own
}

// WithClass returns the file's scenario as it is played at a broker of another class.
// It is refused where the file sets what only its own class has. The name says the
// class, unless it is the file's own.
func (s *Scenario) WithClass(class BrokerClass) (*Scenario, error) {
	if !slices.Contains(classes, class) {
		words := make([]string, len(classes))
		for i, known := range classes {
			words[i] = string(known)
		}
		return nil, s.Refuse(s.Place.Of("cluster.broker.class"), string(class), words,
			quoted(string(class))+" is no class of a broker")
	}
	if class == s.class() {
		return s, nil
	}
	for _, given := range s.Cluster.Config {
		if given.Name == boundName && class != ClassB {
			return nil, s.Refuse(s.Place.Of("cluster.config"), "", nil,
				"the file sets "+boundName+", which a broker of class "+string(class)+" does not enforce")
		}
	}
	d := &document{file: s.File}
	whole := d.read([]byte(strings.Join(s.lines, "\n")))
	if whole == nil || len(d.errors) > 0 {
		return nil, s.Refuse(s.Place.Position, "", nil, "only a scenario that was read from a file can be "+
			"played under another class")
	}
	own := whole.under(class)
	own.Name += "-class-" + strings.ToLower(string(class))
	return own, nil
}

// boundName is the setting that a broker of class B alone has.
const boundName = "broker.late_arrival_bound"
