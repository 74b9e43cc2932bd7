package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"fencepost/internal/fuzz"
)

// newMerge is `drill fuzz merge`.
func newMerge() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use:   "merge [flags] FILE…",
		Short: "Add up the summaries of shards, and judge the marks over the sum",
		Long: "Reads summaries that `drill fuzz --json` has printed, one or several in each file (- reads\n" +
			"standard input), and prints their sum. A point that no shard has reached is a failure if all\n" +
			"together played enough.\n\n" +
			"A shard that is missing, or was interrupted, is named, and the verdict is unknown. One that\n" +
			"stands there twice, or belongs to another campaign or mutant, is refused.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			parts, err := readSummaries(args, c.InOrStdin())
			if err != nil {
				return refuse(err)
			}
			sum, err := fuzz.Merge(parts)
			if err != nil {
				return refuse(fmt.Errorf("merge: %w", err))
			}
			replayable(sum)
			if err := printSummary(c.OutOrStdout(), sum, asJSON); err != nil {
				return broke(err)
			}
			return verdict(sum.Verdict())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the sum as one JSON object")
	return c
}

// readSummaries reads every summary of the files, and says where each stands.
func readSummaries(files []string, in io.Reader) ([]fuzz.Shard, error) {
	var parts []fuzz.Shard
	for _, file := range files {
		var text []byte
		var err error
		if file == "-" {
			text, err = io.ReadAll(in)
		} else {
			text, err = os.ReadFile(file)
		}
		if err != nil {
			return nil, fmt.Errorf("merge: %w", err)
		}
		before := len(parts)
		for d := json.NewDecoder(bytes.NewReader(text)); ; {
			d.DisallowUnknownFields()
			part := &fuzz.Summary{}
			err := d.Decode(part)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("merge %s: byte %d: %w", file, d.InputOffset(), err)
			}
			if part.Runs == 0 && !part.Interrupted || len(part.Marks) == 0 {
				return nil, fmt.Errorf("merge %s: no summary of `drill fuzz --json`: it has no runs", file)
			}
			from := file
			if nth := len(parts) - before + 1; nth > 1 {
				from = fmt.Sprintf("%s (summary %d)", file, nth)
			}
			parts = append(parts, fuzz.Shard{From: from, Summary: part})
		}
		if len(parts) == before {
			return nil, fmt.Errorf("merge %s: the file holds no summary", file)
		}
	}
	return parts, nil
}
