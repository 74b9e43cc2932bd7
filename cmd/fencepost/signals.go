package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
)

func (a *app) signals() *cobra.Command {
	return group("signals", "List, show, explain, send, hold, free, cancel, decide and archive signals",
		a.signalsList(), a.signalsShow(), a.signalsExplain(), a.signalsSend(), a.signalsDecide(),
		a.signalsHold(), a.signalsFree(), a.signalsCancel(), a.signalsArchive())
}

func (a *app) signalsList() *cobra.Command {
	var (
		states  []string
		alerted bool
		limit   int
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List signals, the youngest first", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter := fencepost.SignalFilter{Alerted: alerted, Limit: limit}
			for _, word := range states {
				state, ok := core.ParseSignalState(word)
				if !ok {
					return refused(fmt.Errorf("--state %q: must be one of %s", word,
						strings.Join(signalStates(), ", ")))
				}
				filter.States = append(filter.States, state)
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			list, err := r.Signals(cmd.Context(), filter)
			if err != nil {
				return err
			}
			rows := make([][]string, 0, len(list))
			for i := range list {
				s := &list[i]
				rows = append(rows, []string{
					strconv.FormatInt(int64(s.ID), 10), s.State, s.Type, s.Instrument, s.Position,
					s.Lots.String(), moment(s.ReceivedAt), yes(s.AlertedAt != nil), s.Key,
				})
			}
			return a.print(list, []string{
				"ID", "STATE", "TYPE", "INSTRUMENT", "POSITION", "LOTS", "RECEIVED", "ALERT", "KEY",
			}, rows)
		},
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only those in these `STATES`")
	cmd.Flags().BoolVar(&alerted, "alerted", false, "only those that wait for a person")
	cmd.Flags().IntVar(&limit, "limit", 100, "how many to list")
	enumerate(cmd, "state", signalStates)
	return cmd
}

func (a *app) signalsShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one signal with its attempts", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := signalNumber(args[0])
			if err != nil {
				return err
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			s, err := r.Signal(cmd.Context(), id)
			if errors.Is(err, fencepost.ErrNoSignal) {
				return &codedError{code: exitNobody, err: err}
			}
			if err != nil {
				return err
			}
			return a.print(s, []string{"WHAT", "IS"}, signalRows(&s))
		},
	}
}

func signalRows(s *fencepost.SignalDetail) [][]string {
	rows := [][]string{
		{"signal", fmt.Sprintf("%d (%s)", s.ID, s.Key)},
		{"state", strings.TrimSpace(s.State + " " + s.StateReason)},
		{"order", strings.Join([]string{s.Type, s.Instrument, s.Position, s.Lots.String()}, " ")},
		{"received", moment(s.ReceivedAt) + " by " + s.ReceivedBy + " from " + s.Source},
		{"ended", momentOr(s.EndedAt, "-")},
		{"alert", momentOr(s.AlertedAt, "-") + " " + s.AlertReason},
	}
	for i := range s.Attempts {
		t := &s.Attempts[i]
		rows = append(rows, []string{
			fmt.Sprintf("attempt %d", t.Attempt),
			fmt.Sprintf("%s, order %s at the broker %q, epoch %d, permitted %s, outcome %s %s",
				t.State, t.ClientOrderID, t.BrokerOrderID, t.Epoch, moment(t.PermittedAt),
				or(t.Outcome, "none"), t.BrokerDetail),
		})
	}
	return append(rows, []string{"payload", s.Payload})
}
