package errand

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Kind is what a runner is asked to do. The words are those of the commands.
type Kind string

// The kinds of errands. The type of an order's options, and that of the answer,
// belong to the package that carries it out.
const (
	// Run plays one scenario: RunOptions; a campaign.Report.
	Run Kind = "run"
	// Hunt plays scenarios until one fails: HuntOptions; a Kill.
	Hunt Kind = "hunt"
	// Fuzz plays random clusters, workloads and faults.
	Fuzz Kind = "fuzz"
	// Shrink makes a failure short.
	Shrink Kind = "shrink"
	// Explore enumerates a bounded world.
	Explore Kind = "explore"
)

// Order is what a runner is asked to do.
type Order struct {
	Do Kind `json:"do"`
	// Mutant is what the runner was built with, or "": the command that replays a
	// failure needs it.
	Mutant string `json:"mutant"`
	// Options are those of the kind, as JSON.
	Options json.RawMessage `json:"options"`
}

// New returns the order with the options written as JSON.
func New(do Kind, mutant string, options any) (Order, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return Order{}, fmt.Errorf("order to %s: %w", do, err)
	}
	return Order{do, mutant, text}, nil
}

// Decode reads the order's options strictly: a word that the type does not have
// is an error, since the sender and the runner come from one tree.
func (o *Order) Decode(options any) error {
	d := json.NewDecoder(bytes.NewReader(o.Options))
	d.DisallowUnknownFields()
	if err := d.Decode(options); err != nil {
		return fmt.Errorf("options of the order to %s: %w", o.Do, err)
	}
	return nil
}

// ExitRefused is a runner's exit code for an order that it refuses: a scenario
// that the simulator cannot play, an option that makes no sense.
const ExitRefused = 64

// RunOptions are those of Run.
type RunOptions struct {
	// Scenario is the path of a file, absolute or relative to the working
	// directory, or the name of a scenario of the project.
	Scenario string `json:"scenario"`
	// Argument is how the caller named it.
	Argument string `json:"argument"`
	First    uint64 `json:"first"`
	Count    int    `json:"count"`
	Repeat   int    `json:"repeat"`
	Workers  int    `json:"workers"`
	Lines    int    `json:"lines"`
	Traces   string `json:"traces"`
	// Class is the broker class that was asked for instead of the file's own, or "".
	Class string `json:"class"`
}
