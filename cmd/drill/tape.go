package main

import (
	"errors"
	"fmt"
	"os"

	"fencepost/internal/campaign"
	"fencepost/scenarios"
	"fencepost/sim/tape"
)

// opener compiles a scenario, which was named so, and returns what opens its worlds.
type opener func(s *scenarios.Scenario, argument string) (func() campaign.World, error)

// anyhow is an opener to which it is all the same how the scenario was named.
func anyhow(open func(*scenarios.Scenario) (func() campaign.World, error)) opener {
	return func(s *scenarios.Scenario, _ string) (func() campaign.World, error) { return open(s) }
}

// opener returns what opens the worlds that the flags ask for: those that play
// or record a tape, or ordinary ones. Its errors are exits.
func (o *runOptions) opener() (opener, error) {
	if o.tape == "" && o.record == "" {
		return anyhow(campaign.Simulated), nil
	}
	o.taping = &campaign.Taping{Record: o.record != ""}
	if o.record != "" && sameFile(o.tape, o.record) {
		return nil, refuse(fmt.Errorf("--record-tape %s: it is the tape that is played", o.record))
	}
	if o.tape != "" {
		text, err := os.ReadFile(o.tape)
		if err != nil {
			return nil, refuse(fmt.Errorf("--tape: %w", err))
		}
		if o.taping.From, err = tape.Read(o.tape, string(text)); err != nil {
			return nil, refuse(shown(err))
		}
	}
	return anyhow(o.taping.Simulated), nil
}

// shown returns a tape's error as a scenario's is shown: with its line, a caret,
// and the nearest word.
func shown(err error) error {
	var wrong *tape.Error
	if !errors.As(err, &wrong) {
		return err
	}
	return &scenarios.Error{
		File: wrong.File, Line: wrong.Line, Column: wrong.Column, Message: wrong.Message,
		Nearest: scenarios.Nearest(wrong.Got, wrong.Allowed), Allowed: wrong.Allowed, Source: wrong.Source,
	}
}

// checkTaping refuses tapes of more than one run.
func (o *runOptions) checkTaping(work []assignment) error {
	if o.taping == nil {
		return nil
	}
	flag := "--record-tape"
	if o.tape != "" {
		flag = "--tape"
	}
	switch {
	case len(work) > 1:
		return fmt.Errorf("%s: a tape is that of one scenario, and %d are named", flag, len(work))
	case o.tape != "" && (o.seedGiven || o.seedsGiven):
		return errors.New("--tape: the tape stands in the seed's place; leave --seed and --seeds out")
	case o.mutant != "":
		return fmt.Errorf("%s: a mutant is played by a program of its own, which has no tape", flag)
	case o.resume != "":
		return fmt.Errorf("%s: nothing is played that --resume skips", flag)
	}
	if _, count := o.seedRange(work[0].scenario); count != 1 {
		return fmt.Errorf("%s: a tape is that of one run, and %d are to be played; name one by --seed",
			flag, count)
	}
	return nil
}

// keepTape writes the recording.
func (o *runOptions) keepTape() error {
	if o.record == "" {
		return nil
	}
	list := o.taping.Recorded()
	if list == nil {
		return errors.New("--record-tape: the run recorded nothing")
	}
	return os.WriteFile(o.record, []byte(list.Text()), 0o644)
}
