package core

import "fencepost/core/word"

// Control is the operator's mode, kept in PostgreSQL.
type Control uint8

// The control modes. The zero value, a mode that was never read, grants nothing.
const (
	// ControlUnknown stands until the mode was read.
	ControlUnknown Control = iota
	// Run grants permits.
	Run
	// Pause grants none; signals wait.
	Pause
	// Halt grants none, and stops orders that hold one but have not passed the gate.
	Halt
)

var controlNames = []string{ControlUnknown: "unknown", Run: "run", Pause: "pause", Halt: "halt"}

// String returns the mode's fixed name.
func (c Control) String() string { return word.Of(controlNames, c) }

// ParseControl returns the mode of that name.
func ParseControl(name string) (Control, bool) { return word.Find[Control](controlNames, name) }
