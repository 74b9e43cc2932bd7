package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"fencepost/internal/campaign"
	"fencepost/internal/mutants/errand"
)

// errands says who carries out what. Each takes its options from the order and
// returns what is written as JSON; lines about its progress go to the writer.
var errands = map[errand.Kind]func(ctx context.Context, o errand.Order, progress io.Writer) (any, error){
	errand.Run:     run,
	errand.Hunt:    hunt,
	errand.Shrink:  shrinks,
	errand.Fuzz:    fuzzes,
	errand.Explore: explores,
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := carryOut(ctx, os.Stdin, os.Stdout, os.Stderr)
	var refused campaign.Refusal
	switch {
	case err == nil:
	case errors.As(err, &refused):
		fmt.Fprint(os.Stderr, refused.Detail())
		os.Exit(errand.ExitRefused)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// carryOut reads an order, does what it says and writes the answer.
func carryOut(ctx context.Context, in io.Reader, out, progress io.Writer) error {
	var order errand.Order
	if err := json.NewDecoder(in).Decode(&order); err != nil {
		return fmt.Errorf("a runner takes an order of package errand on standard input: %w", err)
	}
	do, ok := errands[order.Do]
	if !ok {
		allowed := make([]string, 0, len(errands))
		for _, kind := range slices.Sorted(maps.Keys(errands)) {
			allowed = append(allowed, string(kind))
		}
		return fmt.Errorf("%q is no errand of a runner (allowed: %s)", order.Do, strings.Join(allowed, ", "))
	}
	answer, err := do(ctx, order, progress)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(answer)
}
