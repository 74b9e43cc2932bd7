package pgledger

import (
	"context"
	"fmt"
)

// measureSQL has new tables counted for the planner.
const measureSQL = `SELECT ledger_measure()`

// Measure has the tables of a new ledger counted for the server's planner once they
// have some rows, and tells whether all of them are, so that nobody has to ask again.
// Until then it reads a whole group to find one signal. Any process may ask at any
// time.
func (l *Ledger) Measure(ctx context.Context) (known bool, err error) {
	t := l.begin("measure", durably)
	t.row(measureSQL, nil, &known)
	if err := l.run(ctx, l.work, t); err != nil {
		return false, fmt.Errorf("measure tables: %w", err)
	}
	return known, nil
}
