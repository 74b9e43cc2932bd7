package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// leaderBetween prints who led between two instants, and when nobody did.
func (a *app) leaderBetween(cmd *cobra.Command, from, to string) error {
	now := time.Now()
	begin, err := instant(from, now)
	if err != nil {
		return refused(fmt.Errorf("--from: %w", err))
	}
	var end time.Time
	if to != "" {
		if end, err = instant(to, now); err != nil {
			return refused(fmt.Errorf("--to: %w", err))
		}
		if !begin.Before(end) {
			return refused(errors.New("--to: must be after --from"))
		}
	}
	r, _, err := a.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	led, err := r.Led(cmd.Context(), begin, end)
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(led))
	for i := range led {
		s := &led[i]
		epoch := "-"
		if s.InstanceID != nil {
			epoch = strconv.FormatUint(uint64(s.Epoch), 10)
		}
		rows = append(rows, []string{
			moment(s.From), moment(s.To), or(s.InstanceID, "nobody"), epoch, or(&s.Kind, "-"),
			seconds(s.To.Sub(s.From).Seconds()), or(&s.Ended, "-"),
		})
	}
	return a.print(led, []string{"FROM", "TO", "LEADER", "EPOCH", "KIND", "LASTED", "ENDED"}, rows)
}

// instant reads an instant: in full, or an hour and minute of today by this
// machine's clock and time zone.
func instant(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	clock, err := time.Parse("15:04", text)
	if err != nil {
		return time.Time{},
			fmt.Errorf("%q: must be an instant like 2026-01-05T14:00:00Z, or 14:00 for today", text)
	}
	local := now.Local()
	return time.Date(local.Year(), local.Month(), local.Day(), clock.Hour(), clock.Minute(), 0, 0,
		time.Local), nil
}
