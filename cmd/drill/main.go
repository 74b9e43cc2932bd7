package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"fencepost/scenarios"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := drill(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// drill carries out one command line and returns the exit code.
func drill(ctx context.Context, args []string, out, problems io.Writer) int {
	root := &cobra.Command{
		Use:           "drill",
		Short:         "Break fencepost on purpose, and judge what it does",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newRun(), newCheck(), newList(), newNew(), newExplain(), newSchema(), newUp())
	root.AddCommand(newMutants(), newShrink(), newMap(), newFuzz(), newExplore())
	root.AddCommand(newParity(), newDetect(), newSoak(), newVerifyJournal())
	root.AddCommand(newAssault(), newLoad(), newKills())
	root.SetArgs(args)
	root.SetOut(out)
	root.SetErr(problems)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return scenarios.Pass.ExitCode()
	}
	var ended *exit
	if !errors.As(err, &ended) {
		// What cobra itself refuses is wrong usage.
		ended = refuse(err)
		ended.text = strings.TrimRight(ended.text, "\n") + "\nusage: " + command.CommandPath() + " --help\n"
	}
	if ended.text != "" {
		fmt.Fprint(problems, ended.text)
	}
	return ended.code
}

// exit is how a command ends that does not simply succeed. The text, if any,
// ends with a newline.
type exit struct {
	code int
	text string
}

// Error returns the text.
func (e *exit) Error() string { return e.text }

// verdict returns the exit of a command whose worst verdict this is, or nil.
func verdict(v scenarios.RunVerdict) error {
	if v == scenarios.Pass {
		return nil
	}
	return &exit{code: v.ExitCode()}
}

// refuse returns the exit of a command that was used wrongly, or that refuses
// what it was asked for. An error that names a place in a file is shown with
// the line, a caret and the allowed words.
func refuse(err error) *exit {
	var placed interface{ Detail() string }
	if errors.As(err, &placed) {
		return &exit{scenarios.ExitRefused, placed.Detail()}
	}
	return &exit{scenarios.ExitRefused, "drill: " + err.Error() + "\n"}
}

// broke returns the exit of a command that could not do its work.
func broke(err error) *exit {
	return &exit{scenarios.Crash.ExitCode(), "drill: " + err.Error() + "\n"}
}
