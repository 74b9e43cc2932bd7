package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
)

// stopVerb is halt or pause: it acts at once, for who stops must not be kept
// waiting.
func (a *app) stopVerb(mode core.Control, short string) *cobra.Command {
	var reason, by string
	cmd := &cobra.Command{
		Use:   mode.String() + " --reason TEXT",
		Short: short,
		Long: short + ".\n" +
			"It acts at once and asks nothing. Once it has exit code 0 no permit is granted any more,\n" +
			"whoever leads, and what holds a permit is stopped at the gate. Orders that have left are\n" +
			"followed to their end: look-ups go on. Exit 1 if the ledger did not confirm it; without\n" +
			"PostgreSQL nothing is granted either.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := signed(reason, by); err != nil {
				return err
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			done, err := r.ChangeControl(cmd.Context(), fencepost.ControlChange{
				Mode: mode, Reason: reason, By: by,
			})
			if err != nil {
				return fmt.Errorf("not confirmed, and perhaps not done: %w", err)
			}
			return a.printChanged(cmd.Context(), r, done)
		},
	}
	signature(cmd, &reason, &by)
	return cmd
}

func (a *app) halt() *cobra.Command {
	return a.stopVerb(core.Halt, "Stop every order at once, as in an emergency")
}

func (a *app) pause() *cobra.Command {
	return a.stopVerb(core.Pause, "Let signals wait, as over a weekend; no order is sent")
}

// printChanged prints the mode and what is open under it. The change stands,
// whether that can be read or not.
func (a *app) printChanged(ctx context.Context, r *fencepost.Reader, done fencepost.ControlChanged) error {
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	now, err := r.Control(ctx)
	if err != nil {
		fmt.Fprintf(a.errs, "the mode is %s, and what is open could not be read: %v\n", done.Mode, err)
		return a.print(done, []string{"CONTROL", "IS"}, [][]string{{"mode", done.Mode}, {"was", done.Before}})
	}
	document := struct {
		fencepost.Control
		Before string `json:"before"`
	}{now, done.Before}
	rows := append([][]string{{"mode", now.Control}, {"was", done.Before}}, controlRows(&now)[1:]...)
	return a.print(document, []string{"CONTROL", "IS"}, rows)
}

// controlRows are the mode and what is open under it.
func controlRows(c *fencepost.Control) [][]string {
	rows := [][]string{
		{"mode", c.Control},
		{"reason", or(&c.Reason, "-")},
		{"set by", or(&c.By, "-")},
		{"set at", momentOr(c.At, "-")},
	}
	for i := range c.Open {
		o := &c.Open[i]
		text := strconv.FormatInt(o.Count, 10) + ", the oldest " + elapsed(o.OldestSeconds) + " old"
		if o.Alerted > 0 {
			text += ", " + strconv.FormatInt(o.Alerted, 10) + " wait for a person"
		}
		rows = append(rows, []string{o.State, text})
	}
	return rows
}

func (a *app) resume() *cobra.Command {
	var (
		reason, by string
		c          confirmation
	)
	cmd := &cobra.Command{
		Use:   "resume --reason TEXT",
		Short: "Let orders be sent again, after a look at what is open and in doubt",
		Long: "Shows the mode, who set it why, what waits to be sent and what is in doubt, and wants the\n" +
			"phrase typed. A mode that somebody sets meanwhile is not lifted: exit 3.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := signed(reason, by); err != nil {
				return err
			}
			r, config, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			seen, err := a.lookBeforeResuming(cmd.Context(), r)
			if err != nil {
				return err
			}
			if err := a.wantPhrase(cmd, &c, fencepost.ResumePhrase(config.Group)); err != nil {
				return err
			}
			done, err := r.ChangeControl(cmd.Context(), fencepost.ControlChange{
				Mode: core.Run, Reason: reason, By: by, Seen: &seen.Seq,
			})
			if errors.Is(err, fencepost.ErrMoved) {
				return a.setMeanwhile(cmd.Context(), r, err)
			}
			if err != nil {
				return fmt.Errorf("not confirmed, and perhaps not done: %w", err)
			}
			return a.printChanged(cmd.Context(), r, done)
		},
	}
	signature(cmd, &reason, &by)
	confirmed(cmd, &c)
	return cmd
}

// lookBeforeResuming shows what resuming lets loose.
func (a *app) lookBeforeResuming(ctx context.Context, r *fencepost.Reader) (fencepost.Control, error) {
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	seen, err := r.Control(ctx)
	if err != nil {
		return seen, fmt.Errorf("%w: %w", errUnconfirmed, err)
	}
	doubts, err := r.InDoubt(ctx, doubtsShown+1)
	if err != nil {
		return seen, fmt.Errorf("%w: %w", errUnconfirmed, err)
	}
	a.say(controlRows(&seen))
	for i := range doubts {
		if i == doubtsShown {
			fmt.Fprintln(a.errs, "more are in doubt: fencepost in-doubt list")
			break
		}
		d := &doubts[i]
		fmt.Fprintf(a.errs, "in doubt: signal %d, %s, for %s: %s\n",
			d.ID, d.Instrument, elapsed(d.DoubtSeconds), d.Known)
	}
	if len(seen.Open) == 0 {
		fmt.Fprintln(a.errs, "nothing is open")
	}
	fmt.Fprintln(a.errs, "What is received will be sent at once.")
	return seen, nil
}

// doubtsShown is how many doubts are shown before resuming.
const doubtsShown = 10

// setMeanwhile says who set the mode while a person looked.
func (a *app) setMeanwhile(ctx context.Context, r *fencepost.Reader, err error) error {
	if now, again := r.Control(ctx); again == nil {
		fmt.Fprintf(a.errs, "meanwhile %s set the mode to %s: %s\n", or(&now.By, "somebody"), now.Control,
			now.Reason)
	}
	return &codedError{code: exitConflict, err: fmt.Errorf("%w: %w", errUnconfirmed, err)}
}
