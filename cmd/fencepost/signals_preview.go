package main

import (
	"context"
	"strconv"

	"fencepost"
)

// preview tells what would become of the body, and stores nothing. Its exit code
// is that of a sending.
func (a *app) preview(ctx context.Context, source *fencepost.Source, body []byte) error {
	r, _, err := a.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	p, err := r.Preview(ctx, source, body)
	if err != nil {
		return err
	}
	if err := a.print(p, []string{"WOULD", "BE"}, previewRows(&p)); err != nil {
		return err
	}
	if p.Code >= 300 {
		return &codedError{code: exitFailed}
	}
	return nil
}

func previewRows(p *fencepost.Preview) [][]string {
	rows := [][]string{{"answer", strconv.Itoa(p.Code) + " " + p.Status}}
	for _, row := range [][]string{
		{"wrong", p.Detail},
		{"key", p.Key},
		{"order", p.Order},
		{"state", p.State},
		{"control", p.Control},
		{"leader", p.Leader},
	} {
		if row[1] != "" {
			rows = append(rows, row)
		}
	}
	return append(rows, []string{"next", p.Next})
}
