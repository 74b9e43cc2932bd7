package config

import (
	"errors"
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Reconcile says how the broker's book is compared with the ledger (PROTOCOL 5.5).
type Reconcile struct {
	// Interval is the time from one comparison by the leader to the next; 0s turns
	// them off, and an order that the ledger does not know then goes unnoticed.
	Interval Duration `yaml:"interval"`
	// Window is how far back a new leader compares. Later comparisons begin where
	// the last one that was complete did.
	Window Duration `yaml:"window"`
	// Settle is how long the broker may take to show an order in its book.
	Settle Duration `yaml:"settle"`
	// Timeout bounds one comparison.
	Timeout Duration `yaml:"timeout"`
	// Foreign says what an order means whose id has not the form of ours: halt, or
	// ignore where other systems trade on the same account.
	Foreign Foreign `yaml:"foreign"`
}

// defaultReconcile returns the settings of a comparison that hold unless they are
// set.
func defaultReconcile() Reconcile {
	return Reconcile{
		Interval: Duration(time.Minute), Window: Duration(24 * time.Hour), Settle: Duration(time.Minute),
		Timeout: Duration(20 * time.Second), Foreign: ForeignHalt,
	}
}

// Check judges the settings.
func (r *Reconcile) Check() error {
	within := func(name string, d Duration, least, most time.Duration) error {
		if time.Duration(d) >= least && time.Duration(d) <= most {
			return nil
		}
		return fmt.Errorf("reconcile.%s %v: %v to %v", name, d, least, most)
	}
	faults := []error{
		within("window", r.Window, time.Minute, 31*24*time.Hour),
		within("settle", r.Settle, time.Second, time.Hour),
		within("timeout", r.Timeout, 100*time.Millisecond, 10*time.Minute),
	}
	if r.Interval != 0 {
		faults = append(faults, within("interval", r.Interval, time.Second, 24*time.Hour))
	}
	if r.Settle >= r.Window {
		faults = append(faults, fmt.Errorf("reconcile.settle %v: must be shorter than the window of %v",
			r.Settle, r.Window))
	}
	return errors.Join(faults...)
}

// Foreign says what other systems' orders on the account mean.
type Foreign string

// The meanings of other systems' orders.
const (
	ForeignHalt   Foreign = "halt"
	ForeignIgnore Foreign = "ignore"
)

// UnmarshalText reads the meaning.
func (f *Foreign) UnmarshalText(text []byte) error {
	return choose(f, text, ForeignHalt, ForeignIgnore)
}

// UnmarshalYAML reads the meaning and keeps its place for the error.
func (f *Foreign) UnmarshalYAML(node ast.Node) error { return scalar(node, f.UnmarshalText) }
