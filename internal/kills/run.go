package kills

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"fencepost/internal/cluster"
)

// Report is what came of all batches.
type Report struct {
	Held bool   `json:"held"`
	Seed uint64 `json:"seed"`
	// Wanted is how many kills were asked for, Kills how many were played, and
	// Kept how many of them by an earlier command.
	Wanted       int            `json:"wanted"`
	Kills        int            `json:"kills"`
	Kept         int            `json:"kept"`
	Leaders      int            `json:"leaders"`
	AtPoints     map[string]int `json:"at_points"`
	Batches      int            `json:"batches"`
	Sent         int            `json:"sent"`
	Resent       int            `json:"resent"`
	Acknowledged int            `json:"acknowledged"`
	Orders       int            `json:"orders"`
	SentAgain    int            `json:"sent_again"`
	Epochs       uint64         `json:"epochs"`
	Seconds      float64        `json:"seconds"`
	// Broken says what did not hold, with its batch.
	Broken []string `json:"broken"`
	// Interrupted tells that not every kill was played.
	Interrupted bool `json:"interrupted"`
}

// add takes a batch in.
func (r *Report) add(b *Batch, kept bool) {
	r.Batches++
	r.Kills += b.Kills
	if kept {
		r.Kept += b.Kills
	}
	r.Leaders += b.Leaders
	for point, n := range b.AtPoints {
		r.AtPoints[point] += n
	}
	r.Sent, r.Resent, r.Acknowledged = r.Sent+b.Sent, r.Resent+b.Resent, r.Acknowledged+b.Acknowledged
	r.Orders, r.SentAgain, r.Epochs = r.Orders+b.Orders, r.SentAgain+b.SentAgain, r.Epochs+b.Epochs
	r.Seconds += b.Seconds
	r.Held = r.Held && b.Held
	for _, text := range b.Broken {
		r.Broken = append(r.Broken, fmt.Sprintf("batch %d: %s", b.Batch, text))
	}
}

// Run plays every batch that is not kept. An end of ctx is no error: what was
// played to its end by then is told.
func (p Plan) Run(ctx context.Context, program string, progress io.Writer) (*Report, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	r := &Report{Held: true, Seed: p.Seed, Wanted: p.Kills, AtPoints: map[string]int{}, Broken: []string{}}
	for number := 1; number <= p.Batches(); number++ {
		b, err := p.kept(number)
		if err != nil {
			return r, err
		}
		kept := b != nil
		if !kept {
			if b, err = p.once(ctx, number, program); ctx.Err() != nil {
				r.Interrupted = true
				return r, nil
			}
			if err != nil {
				return r, err
			}
		}
		r.add(b, kept)
		if !kept {
			r.tell(progress, b, p.Batches())
		}
	}
	return r, nil
}

// once plays one batch and keeps what came of it.
func (p Plan) once(ctx context.Context, number int, program string) (*Batch, error) {
	var lost error
	b, err := p.play(ctx, number, program, func(c *cluster.Cluster) { lost = p.keepLogs(number, c) })
	if err != nil {
		return nil, fmt.Errorf("batch %d: %w", number, err)
	}
	if lost != nil {
		return nil, lost
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return b, p.keep(b)
}

// tell writes a line of progress.
func (r *Report) tell(out io.Writer, b *Batch, batches int) {
	word := "held"
	if !b.Held {
		word = "BROKEN"
	}
	left := "nothing left"
	if r.Kills < r.Wanted {
		each := r.Seconds / float64(r.Kills)
		left = fmt.Sprintf("about %v left",
			time.Duration(each*float64(r.Wanted-r.Kills)*1e9).Round(time.Second))
	}
	fmt.Fprintf(out,
		"batch %d of %d: %s: %d kills (%d of leaders, %d at named points), %d signals acknowledged, "+
			"%d times one was sent again, %d epochs, %.1f s; %d of %d kills, %s\n", b.Batch, batches, word,
		b.Kills,
		b.Leaders, sum(b.AtPoints), b.Acknowledged, b.Resent, b.Epochs, b.Seconds, r.Kills, r.Wanted, left)
}

func sum(counts map[string]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// Render writes the report for people.
func (r *Report) Render(out io.Writer) {
	word := "held"
	if !r.Held {
		word = "BROKEN"
	}
	fmt.Fprintf(out,
		"%s: seed %d, %d kills in %d batches: %d of leaders, %d at named points, %d epochs, %.0f s\n",
		word, r.Seed, r.Kills, r.Batches, r.Leaders, sum(r.AtPoints), r.Epochs, r.Seconds)
	fmt.Fprintf(out,
		"    %d signals, %d acknowledged, each in the ledger and at its end; %d times one was sent again\n",
		r.Sent, r.Acknowledged, r.Resent)
	fmt.Fprintf(out,
		"    %d orders at the broker, none twice; %d were sent a second time under the same id\n",
		r.Orders, r.SentAgain)
	if len(r.Broken) > 0 {
		fmt.Fprintf(out, "    what did not hold:\n      %s\n", strings.Join(r.Broken, "\n      "))
	}
	if r.Kept > 0 {
		fmt.Fprintf(out, "    %d of the kills were played before\n", r.Kept)
	}
}
