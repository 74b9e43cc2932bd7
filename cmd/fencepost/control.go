package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
)

func (a *app) control() *cobra.Command {
	return group("control", "Let the group send orders, or stop it", a.controlShow(), a.controlSet())
}

func (a *app) controlShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Show the control mode, and who set it why", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			return a.printControl(cmd.Context(), r)
		},
	}
}

func (a *app) printControl(ctx context.Context, r *fencepost.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	found := r.Authority(ctx)
	if found.Ledger == nil {
		return errors.New(strings.Join(found.Errors, "; "))
	}
	l := found.Ledger
	document := map[string]any{
		"control": l.Control, "control_reason": l.ControlReason, "control_by": l.ControlBy,
		"control_at": l.ControlAt,
	}
	return a.print(document, []string{"CONTROL", "IS"}, [][]string{
		{"mode", l.Control},
		{"reason", or(&l.ControlReason, "-")},
		{"set by", or(&l.ControlBy, "-")},
		{"set at", momentOr(l.ControlAt, "-")},
	})
}

func (a *app) controlSet() *cobra.Command {
	var reason, by string
	cmd := &cobra.Command{
		Use:   "set run|pause|halt --reason TEXT",
		Short: "Set the control mode; in pause and halt no order is sent, whoever leads",
		Args:  cobra.ExactArgs(1), ValidArgsFunction: positions(modes),
		RunE: func(cmd *cobra.Command, args []string) error {
			mode, ok := core.ParseControl(args[0])
			if !ok || mode == core.ControlUnknown {
				return refused(fmt.Errorf("mode %q: must be run, pause or halt", args[0]))
			}
			if err := signed(reason, by); err != nil {
				return err
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			if err := r.SetControl(cmd.Context(), mode, reason, by); err != nil {
				return err
			}
			return a.printControl(cmd.Context(), r)
		},
	}
	signature(cmd, &reason, &by)
	return cmd
}

// signature adds the flags by which a person signs what is kept.
func signature(cmd *cobra.Command, reason, by *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why, in a sentence; it is kept")
	cmd.Flags().StringVar(by, "by", whoami(), "who says so; it is kept")
}

// signed refuses what nobody signed.
func signed(reason, by string) error {
	if strings.TrimSpace(reason) == "" {
		return refused(errors.New("--reason is needed: why?"))
	}
	if strings.TrimSpace(by) == "" {
		return refused(errors.New("--by is needed: who says so?"))
	}
	return nil
}
