package main

import (
	"context"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/internal/story"
)

func (a *app) signalsExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain ID",
		Short: "Tell what became of a signal, what happens next, and what there is to do",
		Args:  cobra.ExactArgs(1),
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
			ctx, cancel := context.WithTimeout(cmd.Context(), readingTime)
			defer cancel()
			s, err := r.SignalStory(ctx, id)
			if err != nil {
				return outcome(err)
			}
			return a.print(s, []string{"WHEN", "WHAT"}, storyRows(&s))
		},
	}
}

func storyRows(s *fencepost.Story) [][]string {
	rows := [][]string{{"signal", s.Order + " (key " + s.Key + ")"}}
	for i := range s.Timeline {
		line := &s.Timeline[i]
		when := "-"
		if line.At != nil {
			when = story.Moment(*line.At)
		}
		rows = append(rows, []string{when, line.What})
	}
	rows = append(rows, []string{"now", s.Now}, []string{"next", s.Next})
	for _, text := range s.Do {
		rows = append(rows, []string{"do", text})
	}
	return rows
}
