package main

import (
	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
)

func (a *app) signalsCancel() *cobra.Command {
	var reason, by string
	cmd := &cobra.Command{
		Use:   "cancel ID --reason TEXT",
		Short: "Take a signal out of the way that nobody has sent; exit 3 if something may have been",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := signalNumber(args[0])
			if err != nil {
				return err
			}
			if err := signed(reason, by); err != nil {
				return err
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			s, err := r.Cancel(cmd.Context(), fencepost.Cancellation{Signal: id, Reason: reason, By: by})
			if err != nil {
				return outcome(err)
			}
			return a.print(s, []string{"WHAT", "IS"}, signalRows(&s))
		},
	}
	signature(cmd, &reason, &by)
	return cmd
}

// signalsMove is hold or free.
func (a *app) signalsMove(use, short string, outcome core.SignalState) *cobra.Command {
	var reason, by string
	cmd := &cobra.Command{
		Use: use + " ID --reason TEXT", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := signalNumber(args[0])
			if err != nil {
				return err
			}
			if err := signed(reason, by); err != nil {
				return err
			}
			return a.decide(cmd, fencepost.Decision{Signal: id, Outcome: outcome, By: by, Reason: reason})
		},
	}
	signature(cmd, &reason, &by)
	return cmd
}

func (a *app) signalsHold() *cobra.Command {
	return a.signalsMove("hold", "Hold a signal back that nobody has sent; exit 3 if it is not received",
		core.Held)
}

func (a *app) signalsFree() *cobra.Command {
	return a.signalsMove("free", "Let a held signal go on; exit 3 if it is not held", core.Received)
}
