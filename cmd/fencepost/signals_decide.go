package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
)

func (a *app) signalsDecide() *cobra.Command {
	var reason, by string
	cmd := &cobra.Command{
		Use:   "decide ID OUTCOME --reason TEXT",
		Short: "Say what became of a signal in doubt, or hold, free or cancel one that was not sent",
		Long: "OUTCOME is what a signal in doubt turned out to be: submitted, executed, rejected,\n" +
			"cancelled, or void for \"the broker has no such order and will never have it\", which lets\n" +
			"it be tried again. A signal that nobody has sent can be held, cancelled or, if it is held,\n" +
			"received again. The word is believed: a void that is not true sends a second order. Exit 2\n" +
			"if there is no such signal, 3 if its state does not allow it.",
		Args: cobra.ExactArgs(2), ValidArgsFunction: positions(nil, decisions),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := signalNumber(args[0])
			if err != nil {
				return err
			}
			outcome, ok := core.ParseSignalState(args[1])
			if !ok {
				return refused(fmt.Errorf("outcome %q: must be submitted, executed, rejected, cancelled, "+
					"void, held or received", args[1]))
			}
			if err := signed(reason, by); err != nil {
				return err
			}
			return a.decide(cmd, fencepost.Decision{
				Signal: id, Outcome: outcome, By: by, Reason: reason,
			})
		},
	}
	signature(cmd, &reason, &by)
	return cmd
}

func (a *app) decide(cmd *cobra.Command, d fencepost.Decision) error {
	r, _, err := a.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	switch err := r.Decide(cmd.Context(), d); {
	case errors.Is(err, fencepost.ErrNoSignal):
		return &codedError{code: exitNobody, err: err}
	case errors.Is(err, fencepost.ErrNoArrow):
		return &codedError{code: exitConflict, err: err}
	case err != nil:
		return err
	}
	s, err := r.Signal(cmd.Context(), d.Signal)
	if err != nil {
		return err
	}
	return a.print(s, []string{"WHAT", "IS"}, signalRows(&s))
}
