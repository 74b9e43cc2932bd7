package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/internal/plain"
)

// The exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitNobody   = 2
	exitConflict = 3
	exitUsage    = 64
)

// codedError is an error with an exit code of its own. Without an inner error
// everything has been said.
type codedError struct {
	code int
	err  error
}

func (e *codedError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *codedError) Unwrap() error { return e.err }

// refused marks an error as wrong usage.
func refused(err error) error { return &codedError{code: exitUsage, err: err} }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	// After the first signal a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	code := runWith(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// runWith is main without the process.
func runWith(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	// Much of what is printed was written by senders and brokers.
	out, errs = plain.Writer(out), plain.Writer(errs)
	a := &app{out: out, errs: errs}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	var file *fencepost.ConfigError
	if errors.As(err, &file) {
		fmt.Fprintln(errs, file.Detail())
		return exitUsage
	}
	var coded *codedError
	if errors.As(err, &coded) {
		if coded.err != nil {
			fmt.Fprintln(errs, "fencepost: "+coded.err.Error())
		}
		return coded.code
	}
	fmt.Fprintln(errs, "fencepost: "+err.Error())
	if !a.began {
		return exitUsage
	}
	return exitFailed
}

// app is what all commands share.
type app struct {
	out, errs io.Writer
	// config is the file's path, and format how readings are printed.
	config string
	format string
	// began tells that the arguments were understood.
	began bool
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use: "fencepost", Short: "One of several instances executes each signal, once",
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if a.format != formatTable && a.format != formatJSON {
				return fmt.Errorf("-o %s: must be table or json", a.format)
			}
			a.began = true
			return nil
		},
	}
	flags := root.PersistentFlags()
	flags.StringVar(&a.config, "config", os.Getenv("FENCEPOST_CONFIG"), "the configuration `FILE`")
	flags.StringVarP(&a.format, "output", "o", formatTable, "how to print: `table` or json")
	root.AddCommand(a.serve(), a.paper(), a.migrate(), a.status(), a.leader(), a.authority(),
		a.control(), a.instances(), a.signals(), a.version())
	root.AddCommand(a.inDoubt(), a.halt(), a.pause(), a.resume(), a.doctor(), a.verify(), a.reconcile(),
		a.canary(), a.probe(), a.configuration(), a.notifications())
	enumerate(root, "output", formats)
	return root
}

// load reads the configuration.
func (a *app) load() (*fencepost.Config, error) {
	c, err := fencepost.LoadConfig(a.config)
	if err != nil {
		return nil, refused(err)
	}
	return c, nil
}

// reader opens readings of the configured group.
func (a *app) reader() (*fencepost.Reader, *fencepost.Config, error) {
	c, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	r, err := fencepost.NewReader(*c)
	if err != nil {
		return nil, nil, refused(err)
	}
	return r, c, nil
}

// group makes a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return refused(fmt.Errorf("%s: say which: %s --help", c.Name(), c.CommandPath()))
		},
	}
	g.AddCommand(commands...)
	return g
}
