package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"fencepost/internal/archive"
)

// leastArchived is the shortest body that is moved: emptying one costs an event of
// half that length.
const leastArchived = 2048

func (a *app) signalsArchive() *cobra.Command {
	var (
		before string
		o      archive.Options
	)
	cmd := &cobra.Command{
		Use:   "archive --before DATE --to FILE",
		Short: "Move the bodies of signals that ended long ago into a file",
		Long: "Writes all that the ledger says of each signal that ended before the date and whose body\n" +
			"has --least bytes, a line of JSON for each, and then empties the body in the ledger. Keys,\n" +
			"attempts and events stay, so that a repetition is still a duplicate and fencepost verify\n" +
			"still proves everything. It needs the role that owns the tables.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Before, err = time.Parse(time.DateOnly, before); err != nil {
				return refused(fmt.Errorf("--before %q: a day in UTC, like 2026-01-31", before))
			}
			if o.To == "" {
				return refused(errors.New("--to: the file to write"))
			}
			c, err := a.database()
			if err != nil {
				return err
			}
			o.DSN, o.Access, o.Group = c.Postgres.DSN.Reveal(), c.Postgres.Access(), c.Group
			done, err := archive.Move(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.print(done, []string{"ARCHIVED", "IS"}, [][]string{
				{"signals", strconv.Itoa(done.Signals)},
				{"bytes", strconv.FormatInt(done.Bytes, 10)},
				{"file", done.File},
			})
		},
	}
	cmd.Flags().StringVar(&before, "before", "", "the first `DATE` that is kept whole")
	cmd.Flags().StringVar(&o.To, "to", "", "the `FILE` to write; it must not exist")
	cmd.Flags().IntVar(&o.Least, "least", leastArchived, "the shortest body that is moved, in `BYTES`")
	return cmd
}
