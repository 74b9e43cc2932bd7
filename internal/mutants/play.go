package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants/errand"
)

// Refused is the error of Ask when the runner refuses the order.
type Refused struct{ Text string }

// Error returns what the runner said, over several lines.
func (e *Refused) Error() string { return e.Text }

// Ask lets a runner, the path of a program that Build returned, carry out an
// order. Options and answer are what the kind wants; the answer is a pointer.
// Lines of progress go to the writer, which may be nil. When ctx ends the runner
// is interrupted, and answers with what it has, which says so itself. The error
// is a *Refused, or says that the runner broke, or that it was interrupted before
// it could answer: it is the context's then.
func Ask(
	ctx context.Context, runner string, do errand.Kind, mutant string, options, answer any,
	progress io.Writer,
) error {
	order, err := errand.New(do, mutant, options)
	if err != nil {
		return err
	}
	text, err := json.Marshal(order)
	if err != nil {
		return fmt.Errorf("order to %s: %w", do, err)
	}
	command := exec.CommandContext(ctx, runner)
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = lastWords
	var out, said bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(text), &out, &said
	if progress != nil {
		command.Stderr = io.MultiWriter(&said, progress)
	}
	err = command.Run()
	if ctx.Err() != nil && command.ProcessState != nil && command.ProcessState.Success() {
		err = nil // Run says that it was interrupted even if the runner ended in order
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == errand.ExitRefused {
		return &Refused{strings.TrimRight(said.String(), "\n")}
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%s with %s: interrupted: %w", do, mutant, ctx.Err())
	}
	if err != nil {
		return fmt.Errorf("%s with %s: %w\n%s", do, mutant, err, tail(said.String()))
	}
	if err := json.Unmarshal(out.Bytes(), answer); err != nil {
		return fmt.Errorf("%s with %s: the runner answers %s: %w",
			do, mutant, strconv.Quote(tail(out.String())), err)
	}
	return nil
}

// Play lets a runner play one scenario. The errors are those of Ask.
func Play(
	ctx context.Context, runner, mutant string, options errand.RunOptions,
) (*campaign.Report, error) {
	report := &campaign.Report{}
	if err := Ask(ctx, runner, errand.Run, mutant, options, report, nil); err != nil {
		return nil, err
	}
	return report, nil
}

// lastWords is how long a runner that was interrupted has to say what it has
// played: the run that it is in the middle of comes to its end first.
const lastWords = 10 * time.Second

// tail returns the end of what a program said.
func tail(text string) string {
	const most = 4000
	text = strings.TrimSpace(text)
	if len(text) > most {
		text = "…" + text[len(text)-most:]
	}
	return text
}
