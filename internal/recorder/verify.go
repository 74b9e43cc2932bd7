package recorder

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"fencepost/core"
	"fencepost/core/journal"
)

// Mismatch says at which step this build of the core wants something else than
// the recorded one did.
type Mismatch struct {
	// Step counts from 1.
	Step  int
	Now   core.Now
	Input core.Input
}

// Error returns the step and its input.
func (m *Mismatch) Error() string {
	return fmt.Sprintf("step %d (%v): this build wants something else", m.Step, m.Input.Kind)
}

// Verify feeds a recorded file to a node of this build and returns the number
// of steps. The error is a *Mismatch where the node wanted something else. A
// file that ends in the middle of a step is whole up to there.
func Verify(from io.Reader) (steps int, err error) {
	reader := bufio.NewReader(from)
	line, err := reader.ReadBytes('\n')
	if err != nil {
		return 0, fmt.Errorf("read journal: no first line: %w", err)
	}
	var h header
	if err := json.Unmarshal(line, &h); err != nil {
		return 0, fmt.Errorf("read journal: first line: %w", err)
	}
	if h.Format != format {
		return 0, fmt.Errorf("read journal: format %d; this build reads %d", h.Format, format)
	}
	if err := h.Config.Validate(); err != nil {
		return 0, fmt.Errorf("read journal: configuration: %w", err)
	}
	rest, err := io.ReadAll(reader)
	if err != nil {
		return 0, fmt.Errorf("read journal: %w", err)
	}
	node := core.New(h.Config, h.Nonce, h.Started)
	var effects core.Effects
	for len(rest) > 0 {
		now, in, after, err := journal.DecodeInput(rest)
		if errors.Is(err, journal.ErrTruncated) || err == nil && len(after) < 8 {
			return steps, nil
		}
		if err != nil {
			return steps, fmt.Errorf("read journal: step %d: %w", steps+1, err)
		}
		steps++
		node.Step(now, &in, &effects)
		if sum(effects.All()) != binary.BigEndian.Uint64(after) {
			return steps, &Mismatch{Step: steps, Now: now, Input: in}
		}
		rest = after[8:]
	}
	return steps, nil
}
