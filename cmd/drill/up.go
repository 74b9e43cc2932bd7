package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/cluster"
	"fencepost/scenarios"
)

// downBound is the longest an orderly end may take.
const downBound = 40 * time.Second

// upOptions are the flags of `drill up`.
type upOptions struct {
	nodes int
	class string
	demo  bool
	state string
	shell string
}

func newUp() *cobra.Command {
	o := &upOptions{}
	c := &cobra.Command{
		Use:   "up [--nodes N] [--class A|B|C|D] [--demo] [--state FILE] [--shell FILE]",
		Short: "Run a whole cluster on this machine, from nothing",
		Long: "Starts PostgreSQL, Redis, the paper broker and the service's instances as real processes\n" +
			"on free ports of 127.0.0.1, says where they are and what to try, prints ready, and ends them\n" +
			"all on Ctrl-C. Nothing is left behind.\n\n" +
			"--demo plays a failure instead: it kills the leader in the middle of traffic, watches the\n" +
			"takeover, audits the ledger and the broker's book, and exits with 0 only if everything held.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return o.run(c.Context(), c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.IntVar(&o.nodes, "nodes", 3, "how many instances, 1 to 9")
	f.StringVar(&o.class, "class", "A", "what the broker promises: A, B, C or D")
	f.BoolVar(&o.demo, "demo", false, "play a failure and judge it, then end")
	f.StringVar(&o.state, "state", "", "write where everything is into this file; removed at the end")
	f.StringVar(&o.shell, "shell", "", "the same for a shell, which reads it with: . FILE")
	return c
}

// run starts the cluster and ends it again, whatever happens in between.
func (o *upOptions) run(ctx context.Context, out io.Writer) error {
	say := func(text string) { fmt.Fprintln(out, text) }
	options := cluster.Options{Nodes: o.nodes, Class: o.class, Say: say}
	if err := o.check(options); err != nil {
		return refuse(fmt.Errorf("up: %w", err))
	}
	ctx, stop := endWithGoRun(ctx)
	defer stop()
	began := time.Now()
	say("starting PostgreSQL, Redis, a broker and the nodes; a new machine fetches some of it first")
	c, err := cluster.Start(ctx, options)
	if err != nil {
		return o.ended(ctx, err)
	}
	err = o.play(ctx, c, out, began)
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), downBound)
	defer cancel()
	for _, file := range []string{o.state, o.shell} {
		if file == "" {
			continue
		}
		if gone := os.Remove(file); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			say("drill: " + gone.Error())
		}
	}
	if down := c.Stop(bounded); down != nil {
		return broke(errors.Join(err, down))
	}
	return err
}

// check refuses flags that make no sense, before anything is started.
func (o *upOptions) check(options cluster.Options) error {
	if o.nodes == 0 {
		return errors.New("--nodes 0: want 1 to 9")
	}
	if err := options.Check(); err != nil {
		return err
	}
	if o.demo && o.nodes < 2 {
		return errors.New("--demo kills one node: --nodes 2 at least")
	}
	for flag, file := range map[string]string{"--state": o.state, "--shell": o.shell} {
		if file == "" {
			continue
		}
		if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
			return fmt.Errorf("%s %s: %s is no directory", flag, file, filepath.Dir(file))
		}
	}
	return nil
}

// tell writes where everything is now into the files that were asked for.
func (o *upOptions) tell(c *cluster.Cluster) error {
	state := c.State()
	if o.state != "" {
		if err := state.Write(o.state); err != nil {
			return err
		}
	}
	if o.shell != "" {
		return state.WriteShell(o.shell)
	}
	return nil
}

// ended returns the exit for an error that kept the cluster from being of use.
// Whoever ended it on purpose before that is told nothing, unless it was to be
// judged.
func (o *upOptions) ended(ctx context.Context, err error) error {
	switch {
	case ctx.Err() == nil:
		return broke(err)
	case o.demo:
		return verdict(scenarios.Unknown)
	default:
		return nil
	}
}

// play waits until the cluster is of use and then does what was asked for.
func (o *upOptions) play(ctx context.Context, c *cluster.Cluster, out io.Writer, began time.Time) error {
	leader, err := c.AwaitReady(ctx)
	if err != nil {
		return o.ended(ctx, errors.Join(err, logs(c)))
	}
	if err := o.tell(c); err != nil {
		return broke(err)
	}
	fmt.Fprintf(out, "up after %.1f s\n\n", time.Since(began).Seconds())
	c.Describe(out, leader)
	if o.demo {
		fmt.Fprintln(out, "ready")
		return o.demonstrate(ctx, c, out)
	}
	c.Suggest(out, leader)
	fmt.Fprintln(out, "ready")
	o.attend(ctx, c, out)
	fmt.Fprintln(out, "ending")
	return nil
}

// demonstrate plays the failure.
func (o *upOptions) demonstrate(ctx context.Context, c *cluster.Cluster, out io.Writer) error {
	began := time.Now()
	held, err := cluster.Demo(ctx, c, out)
	switch {
	case err != nil:
		return o.ended(ctx, errors.Join(err, logs(c)))
	case !held:
		fmt.Fprintf(out, "\nnot everything held\n%v\n", logs(c))
		return verdict(scenarios.Fail)
	default:
		fmt.Fprintf(out, "\neverything held, in %.1f s\n", time.Since(began).Seconds())
		return nil
	}
}

// logs is what the nodes said last, for somebody who looks for the cause: the
// files are removed with the cluster.
func logs(c *cluster.Cluster) error {
	const lines = 15
	var all []error
	for _, n := range c.Nodes() {
		all = append(all, fmt.Errorf("the last lines of %s:\n%s", n.ID(), n.LogTail(lines)))
	}
	return errors.Join(all...)
}

// attend tells of changes and starts killed nodes again on SIGUSR1, until ctx
// ends.
func (o *upOptions) attend(ctx context.Context, c *cluster.Cluster, out io.Writer) {
	revive := make(chan os.Signal, 1)
	signal.Notify(revive, syscall.SIGUSR1)
	defer signal.Stop(revive)
	told := make(chan string)
	go c.Watch(ctx, func(text string) {
		select {
		case told <- text:
		case <-ctx.Done():
		}
	})
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-told:
			fmt.Fprintf(out, "%s  %s\n", time.Now().Format("15:04:05.000"), text)
		case <-revive:
			o.revive(ctx, c, out)
		}
	}
}

// revive starts the nodes that are down.
func (o *upOptions) revive(ctx context.Context, c *cluster.Cluster, out io.Writer) {
	for _, n := range c.Nodes() {
		if n.Running() {
			continue
		}
		if err := n.Start(ctx); err != nil {
			fmt.Fprintln(out, "drill: "+err.Error())
			continue
		}
		fmt.Fprintf(out, "%s  %s is back as process %d\n", time.Now().Format("15:04:05.000"), n.ID(), n.PID())
	}
	if err := o.tell(c); err != nil {
		fmt.Fprintln(out, "drill: "+err.Error())
	}
}
