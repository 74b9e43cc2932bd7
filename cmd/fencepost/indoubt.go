package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
	"fencepost/internal/story"
)

func (a *app) inDoubt() *cobra.Command {
	return group("in-doubt", "Signals of which nobody knows whether an order exists",
		a.inDoubtList(), a.inDoubtResolve())
}

func (a *app) inDoubtList() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "list", Short: "List them, the oldest first, and what to look for at the broker",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return refused(fmt.Errorf("--limit %d: at least 1", limit))
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), readingTime)
			defer cancel()
			list, err := r.InDoubt(ctx, limit)
			if err != nil {
				return err
			}
			return a.print(list, []string{
				"ID", "IN DOUBT", "AGE", "INSTRUMENT", "ATTEMPT", "KNOWN", "LOOK FOR",
			}, doubtRows(list))
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 100, "how many to list")
	return cmd
}

// doubtRows has a line for each order to look for, and at least one for each
// signal.
func doubtRows(list []fencepost.InDoubt) [][]string {
	var rows [][]string
	for i := range list {
		d := &list[i]
		look := d.LookFor
		if len(look) == 0 {
			look = []string{"-"}
		}
		rows = append(rows, []string{
			strconv.FormatInt(int64(d.ID), 10), elapsed(d.DoubtSeconds), elapsed(d.AgeSeconds), d.Instrument,
			strconv.FormatInt(d.Attempt, 10), d.Known, look[0],
		})
		for _, text := range look[1:] {
			rows = append(rows, []string{"", "", "", "", "", "", text})
		}
	}
	return rows
}

// elapsed writes an age for a table.
func elapsed(s float64) string { return story.Span(time.Duration(s * float64(time.Second))) }

// resolution is what in-doubt resolve asks for.
type resolution struct {
	as, evidence, by string
	confirmation
}

func (a *app) inDoubtResolve() *cobra.Command {
	var w resolution
	cmd := &cobra.Command{
		Use:   "resolve ID --as WORD --evidence TEXT",
		Short: "Say what became of one of them; your words and your name are kept",
		Long: "WORD is what the broker's own book shows: executed, rejected, cancelled, standing for an\n" +
			"order that works, or not-sent for \"the broker has no such order and will never have it\",\n" +
			"which lets the signal be sent again. The word is believed: a not-sent that is not true\n" +
			"sends a second order. What is shown before you type is what you speak about: if the row\n" +
			"has moved by then, nothing is changed and you are told what did.\n" +
			"Exit 2 if there is no such signal, 3 if it is in no doubt or has moved.",
		Args: cobra.ExactArgs(1), ValidArgsFunction: a.completeDoubts,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := signalNumber(args[0])
			if err != nil {
				return err
			}
			as, ok := story.ParseAttestation(w.as)
			if !ok {
				return refused(fmt.Errorf("--as %w", story.ErrAttestation(w.as)))
			}
			if strings.TrimSpace(w.evidence) == "" {
				return refused(errors.New("--evidence is needed: what did you see, and where?"))
			}
			if strings.TrimSpace(w.by) == "" {
				return refused(errors.New("--by is needed: who says so?"))
			}
			return a.resolve(cmd, id, as, &w)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&w.as, "as", "", "what became of it: "+strings.Join(story.Attestations(), ", "))
	flags.StringVar(&w.evidence, "evidence", "", "what you saw, and where; it is kept")
	flags.StringVar(&w.by, "by", whoami(), "who says so; it is kept")
	confirmed(cmd, &w.confirmation)
	enumerate(cmd, "as", story.Attestations)
	return cmd
}

// signalNumber reads a signal's number.
func signalNumber(text string) (core.SignalID, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, refused(fmt.Errorf("%q is no signal's number", text))
	}
	return core.SignalID(id), nil
}

// resolve shows the signal, wants the phrase, and writes the word.
func (a *app) resolve(cmd *cobra.Command, id core.SignalID, as story.Attestation, w *resolution) error {
	r, _, err := a.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	shown, err := r.Signal(cmd.Context(), id)
	if err != nil {
		return outcome(err)
	}
	if shown.State != core.InDoubt.String() {
		err := fmt.Errorf("%w: signal %d is %s, not in doubt", errUnconfirmed, id, shown.State)
		return &codedError{code: exitConflict, err: err}
	}
	a.say(signalRows(&shown))
	for _, text := range story.LookFor(&shown.Signal, shown.Attempts) {
		fmt.Fprintf(a.errs, "look at the broker for: %s\n", text)
	}
	fmt.Fprintf(a.errs, "%s says: %s\n%s\n", w.by, w.evidence, as.Consequence())
	if err := a.wantPhrase(cmd, &w.confirmation, as.Phrase(id)); err != nil {
		return err
	}
	after, err := r.Resolve(cmd.Context(), fencepost.Resolution{
		Signal: id, As: as, Evidence: w.evidence, By: w.by, Version: shown.Version,
	})
	if err != nil {
		return a.moved(cmd.Context(), r, &shown, err)
	}
	return a.print(after, []string{"WHAT", "IS"}, signalRows(&after))
}

// outcome gives the outcome of a word about a signal its exit code.
func outcome(err error) error {
	switch {
	case errors.Is(err, fencepost.ErrNoSignal):
		return &codedError{code: exitNobody, err: err}
	case errors.Is(err, fencepost.ErrNoArrow), errors.Is(err, fencepost.ErrMoved):
		return &codedError{code: exitConflict, err: fmt.Errorf("%w: %w", errUnconfirmed, err)}
	default:
		return err
	}
}

// moved says what changed since the signal was shown.
func (a *app) moved(
	ctx context.Context, r *fencepost.Reader, shown *fencepost.SignalDetail, err error,
) error {
	if !errors.Is(err, fencepost.ErrMoved) && !errors.Is(err, fencepost.ErrNoArrow) {
		return outcome(err)
	}
	if now, again := r.Signal(ctx, shown.ID); again == nil {
		for _, text := range story.Changes(shown, &now) {
			fmt.Fprintf(a.errs, "since it was shown: %s\n", text)
		}
	}
	return outcome(err)
}
