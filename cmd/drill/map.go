package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"fencepost/internal/edge"
)

func newMap() *cobra.Command {
	var seeds int
	var asJSON bool
	var svg, doc string
	c := &cobra.Command{
		Use:   "map [flags]",
		Short: "Search for the clock drift, pause and delay at which two nodes first believe",
		Long: "Searches in the simulator, for some timings of the lease, for the least drift of clocks at\n" +
			"which single-believer breaks, with pauses of the leader and with delays on its way to Redis;\n" +
			"and shows that single-executor breaks nowhere. Prints tables and a picture of letters.",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if seeds < 1 {
				return refuse(fmt.Errorf("--seeds %d: at least one seed must be played", seeds))
			}
			if err := mapFits(svg, doc); err != nil {
				return refuse(err)
			}
			m, err := edge.Search(c.Context(), seeds, 0)
			if err != nil {
				return broke(err)
			}
			if !m.Interrupted {
				if err := keepMap(m, svg, doc); err != nil {
					return broke(err)
				}
			}
			if asJSON {
				err = json.NewEncoder(c.OutOrStdout()).Encode(m)
			} else {
				_, err = fmt.Fprint(c.OutOrStdout(), m.Table())
			}
			if err != nil {
				return broke(err)
			}
			if m.Interrupted {
				return cutShort(m.ExecutorBroken, "the map has gaps; no file was written")
			}
			if m.ExecutorBroken {
				return &exit{1, "drill: single-executor or no-stale-effect broke, which nothing excuses\n"}
			}
			return nil
		},
	}
	f := c.Flags()
	f.IntVar(&seeds, "seeds", edge.Seeds, "how many seeds are tried at each drift")
	f.BoolVar(&asJSON, "json", false, "print one JSON object")
	f.StringVar(&svg, "svg", "", "draw the map into this file")
	f.StringVar(&doc, "doc", "", "write the tables between the markers of this document")
	return c
}

// mapFits tells whether the picture and the document can be written.
func mapFits(svg, doc string) error {
	if err := writable("--svg", svg); err != nil || doc == "" {
		return err
	}
	text, err := os.ReadFile(doc)
	if err != nil {
		return fmt.Errorf("--doc %s: it cannot be read: %w", doc, reason(err))
	}
	if err := edge.Fits(string(text)); err != nil {
		return fmt.Errorf("--doc %s: %w", doc, err)
	}
	return writable("--doc", doc)
}

// keepMap writes the picture and the document, if they are asked for.
func keepMap(m *edge.Map, svg, doc string) error {
	var problems []error
	if svg != "" {
		problems = append(problems, os.WriteFile(svg, []byte(m.SVG()), 0o644))
	}
	if doc != "" {
		text, err := os.ReadFile(doc)
		if err != nil {
			return err
		}
		changed, err := m.Within(string(text))
		if err != nil {
			return fmt.Errorf("%s: %w", doc, err)
		}
		problems = append(problems, os.WriteFile(doc, []byte(changed), 0o644))
	}
	return errors.Join(problems...)
}
