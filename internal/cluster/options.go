package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// mostNodes is how many instances a group may have.
const mostNodes = 9

// classes are the kinds of brokers that the paper broker plays (PROTOCOL 5.3).
var classes = []string{"A", "B", "C", "D"}

// Options says what cluster to start. The zero value is three nodes with the
// times of the profile fast and a broker of class A.
type Options struct {
	// Nodes is how many instances there are, 1 to 9; 3 if it is zero.
	Nodes int
	// Class is the broker's class, A to D; A if it is empty.
	Class string
	// Program is the fencepost binary. If it is empty, FindProgram looks for it.
	Program string
	// Settings changes the configuration of one node before it is written: each
	// setting by its name in the file, such as lease.ttl. Nil changes nothing.
	Settings func(node string, settings map[string]any)
	// Say is told of what takes time, in sentences; nil is told nothing.
	Say func(text string)
}

// normal returns the options with what was left out, or says what is wrong.
func (o Options) normal() (Options, error) {
	if o.Nodes == 0 {
		o.Nodes = 3
	}
	if o.Class == "" {
		o.Class = "A"
	}
	if o.Nodes < 1 || o.Nodes > mostNodes {
		return o, fmt.Errorf("nodes %d: want 1 to %d", o.Nodes, mostNodes)
	}
	if !slices.Contains(classes, o.Class) {
		return o, fmt.Errorf("class %q: want one of %s", o.Class, strings.Join(classes, ", "))
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	return o, nil
}

// Check says what is wrong with the options, without starting anything.
func (o Options) Check() error {
	_, err := o.normal()
	return err
}
