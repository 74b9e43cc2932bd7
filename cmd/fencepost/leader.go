package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// readingTime bounds a reading of the stores.
const readingTime = 5 * time.Second

func (a *app) leader() *cobra.Command {
	return group("leader", "Who leads, who led, and hand over",
		a.leaderShow(), a.leaderHistory(), a.leaderStepDown())
}

func (a *app) leaderShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Ask both stores who leads; exit 2 if nobody does, 3 if they disagree",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), readingTime)
			defer cancel()
			l := r.Leader(ctx)
			rows := [][]string{
				{"by Redis", or(l.RedisLeader, "nobody"), "lease left " + milliseconds(l.LeaseLeftMS)},
				{"by PostgreSQL", or(l.DBLeader, "nobody"), "epoch " + strconv.FormatUint(l.Epoch, 10) +
					", tenure " + or(&l.Tenure, "-") +
					", heartbeat " + milliseconds(l.HeartbeatAgeMS) + " ago"},
				{"conflict", yes(l.Conflict), ""},
			}
			for _, text := range l.Errors {
				rows = append(rows, []string{"no answer", text, ""})
			}
			if err := a.print(l, []string{"LEADER", "WHO", "DETAIL"}, rows); err != nil {
				return err
			}
			switch {
			case l.Conflict:
				return &codedError{code: exitConflict}
			case len(l.Errors) > 0:
				return errors.New("a store did not answer")
			case l.DBLeader == nil:
				return &codedError{code: exitNobody}
			default:
				return nil
			}
		},
	}
}

func (a *app) leaderHistory() *cobra.Command {
	var (
		limit    int
		from, to string
	)
	cmd := &cobra.Command{
		Use: "history", Short: "List the youngest tenures, or who led between two instants",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if from != "" || to != "" {
				return a.leaderBetween(cmd, from, to)
			}
			if limit < 1 {
				return refused(fmt.Errorf("--limit %d: at least 1", limit))
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			list, err := r.History(cmd.Context(), limit)
			if err != nil {
				return err
			}
			rows := make([][]string, 0, len(list))
			for i := range list {
				t := &list[i]
				length := "-"
				if t.LeadershipDurationSeconds != nil {
					length = seconds(*t.LeadershipDurationSeconds)
				}
				rows = append(rows, []string{
					strconv.FormatUint(uint64(t.Epoch), 10), t.InstanceID, t.Kind,
					moment(t.BecameLeaderAt), t.Reason, momentOr(t.ReleasedLeaderAt, "still leads"),
					or(t.ReleaseReason, "-"), length,
				})
			}
			return a.print(list, []string{
				"EPOCH", "INSTANCE", "KIND", "BEGAN", "WHY", "ENDED", "WHY", "LASTED",
			}, rows)
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 20, "how many to list")
	cmd.Flags().StringVar(&from, "from", "",
		"who led from this `TIME` on: 2026-01-05T14:00:00Z, or 14:00 of today")
	cmd.Flags().StringVar(&to, "to", "", "and until this `TIME`; now, if it is left out")
	return cmd
}

func (a *app) leaderStepDown() *cobra.Command {
	var base string
	cmd := &cobra.Command{
		Use: "step-down", Short: "Ask the configured instance to hand leadership over", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			code, body, err := ask(cmd.Context(), c, http.MethodPost, base, "/v1/leader/step-down")
			switch {
			case err != nil:
				return err
			case code == http.StatusConflict:
				return &codedError{code: exitNobody, err: detail(code, body)}
			case code != http.StatusOK:
				return detail(code, body)
			default:
				return a.printStepDown(body)
			}
		},
	}
	cmd.Flags().StringVar(&base, "admin-url", "", "ask the instance at this `URL` instead of admin_listen")
	return cmd
}

// printStepDown prints what the instance answered.
func (a *app) printStepDown(body []byte) error {
	var done struct {
		Status string `json:"status"`
		Epoch  uint64 `json:"epoch"`
	}
	if err := json.Unmarshal(body, &done); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	return a.print(done, []string{"WHAT", "IS"}, [][]string{
		{"status", done.Status}, {"epoch", strconv.FormatUint(done.Epoch, 10)},
	})
}

// milliseconds writes a span for a table.
func milliseconds(ms int64) string { return (time.Duration(ms) * time.Millisecond).String() }
