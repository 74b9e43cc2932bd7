package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"fencepost/internal/campaign"
)

// Order is what a runner is asked to do. A runner takes it from its command
// line as JSON.
type Order struct {
	// Scenario is the path of a file, absolute or relative to the working
	// directory, or the name of a scenario of the project.
	Scenario string `json:"scenario"`
	// Argument is how the caller named it, Mutant what the runner was built with:
	// the command that replays a failure needs both.
	Argument string `json:"argument"`
	Mutant   string `json:"mutant"`
	First    uint64 `json:"first"`
	Count    int    `json:"count"`
	Repeat   int    `json:"repeat"`
	Workers  int    `json:"workers"`
	Lines    int    `json:"lines"`
	Traces   string `json:"traces"`
}

// Refused is the error of Play when the runner refuses the scenario.
type Refused struct{ Text string }

// Error returns what the runner said.
func (e *Refused) Error() string { return e.Text }

// ExitRefused is the runner's exit code for a scenario that it refuses.
const ExitRefused = 64

// Play lets a runner carry out the order. The error is a *Refused, or says that
// the runner itself broke.
func Play(ctx context.Context, runner string, order Order) (*campaign.Report, error) {
	text, err := json.Marshal(order)
	if err != nil {
		return nil, fmt.Errorf("play %s: %w", order.Scenario, err)
	}
	command := exec.CommandContext(ctx, runner, string(text))
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == ExitRefused {
		return nil, &Refused{strings.TrimRight(said.String(), "\n")}
	}
	if err != nil {
		return nil, fmt.Errorf("play %s with %s: %w\n%s", order.Scenario, order.Mutant, err,
			tail(said.String()))
	}
	report := &campaign.Report{}
	if err := json.Unmarshal(out.Bytes(), report); err != nil {
		return nil, fmt.Errorf("play %s with %s: the runner answers %s: %w",
			order.Scenario, order.Mutant, strconv.Quote(tail(out.String())), err)
	}
	return report, nil
}

// tail returns the end of what a program said.
func tail(text string) string {
	const most = 4000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return text
}
