package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"fencepost/internal/plain"
)

// The ways to print a reading.
const (
	formatTable = "table"
	formatJSON  = "json"
)

// print writes a reading as JSON, or as a table of the given header and rows.
func (a *app) print(document any, header []string, rows [][]string) error {
	if a.format == formatJSON {
		encoder := json.NewEncoder(a.out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		return encoder.Encode(document)
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(header, "\t"))
	for _, row := range rows {
		// A cell that holds a line break must not look like another row.
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = plain.Text(cell)
		}
		fmt.Fprintln(w, strings.Join(cells, "\t"))
	}
	return w.Flush()
}

// moment writes an instant for a table.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.000Z") }

// momentOr writes an instant that may be missing.
func momentOr(t *time.Time, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return moment(*t)
}

// or writes a text that may be missing.
func or(text *string, otherwise string) string {
	if text == nil || *text == "" {
		return otherwise
	}
	return *text
}

// seconds writes a span for a table.
func seconds(s float64) string { return fmt.Sprintf("%.1fs", s) }

// yes writes a yes-or-no for a table.
func yes(holds bool) string {
	if holds {
		return "yes"
	}
	return "no"
}
