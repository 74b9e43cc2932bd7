package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fencepost/chaos"
	"fencepost/internal/shrink"
	"fencepost/internal/shrink/recorded"
	"fencepost/scenarios"
)

// retold is under how many schedules each way to tell of a run is played.
const retold = 60

// recordedRun returns what a run on real processes left, if the argument names
// its directory or its fault log, else nil.
func recordedRun(args []string) (*recorded.Run, error) {
	if len(args) == 0 {
		return nil, nil
	}
	dir, ok := recorded.Dir(args[0])
	if !ok {
		return nil, nil
	}
	run, err := recorded.Open(dir)
	if errors.Is(err, recorded.ErrPassed) {
		text := "drill: " + err.Error() + ": there is nothing to shrink\n"
		return nil, &exit{scenarios.Invalid.ExitCode(), text}
	}
	if err != nil {
		return nil, refuse(err)
	}
	return run, nil
}

// telling is one way to tell of a run, and what the simulator made of it.
type telling struct {
	What string         `json:"what"`
	Met  map[string]int `json:"met"`
}

// retell plays in the simulator what befell a run on real processes, told in one
// way after the other, and shrinks the first that fails as the run did.
func (o *shrinkOptions) retell(c *cobra.Command, run *recorded.Run) error {
	if !o.mutantGiven {
		o.mutant = run.Mutant
	}
	if err := writable("-o", o.out); err != nil {
		return refuse(err)
	}
	ways, err := shrink.Retell(run)
	if err != nil {
		return refuse(err)
	}
	var played []telling
	for _, way := range ways {
		options := o.options()
		options.Source, options.Like = way.Text, run.Kind()
		options.Origin = fmt.Sprintf("a run of %s on real processes, %s", run.Name, way.What)
		if !o.seedGiven {
			options.Seed, options.Seeds = 1, retold
		}
		answer, lawful, err := o.find(c.Context(), options, c.ErrOrStderr())
		if err != nil {
			return err
		}
		if answer.Failing {
			fmt.Fprintf(c.ErrOrStderr(), "drill: the simulator fails as well, %s\n", way.What)
		}
		if answer.Failing || answer.Interrupted {
			return o.tell(c, answer, lawful, options)
		}
		played = append(played, telling{way.What, answer.Met})
	}
	return o.otherwise(c, run, played)
}

// otherwise says that the simulator does not do what real processes did, and what
// it did.
func (o *shrinkOptions) otherwise(c *cobra.Command, run *recorded.Run, played []telling) error {
	if o.json {
		err := json.NewEncoder(c.OutOrStdout()).Encode(struct {
			Failing bool      `json:"failing"`
			Kind    string    `json:"kind"`
			Ways    []telling `json:"ways"`
		}{false, run.Kind(), played})
		if err != nil {
			return broke(err)
		}
	} else {
		for _, p := range played {
			fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", p.What, tallyText(p.Met))
		}
	}
	return &exit{
		scenarios.Invalid.ExitCode(),
		fmt.Sprintf("drill: on real processes %s broke %s: %s\n"+
			"drill: the simulator does not do so, under %d schedules and told in %s\n", run.Name,
			run.Violation.What, run.Violation.Detail, retold, scenarios.Plural(len(played), "way")),
	}
}

// tallyText puts what was met into words.
func tallyText(met map[string]int) string {
	var parts []string
	for _, way := range slices.Sorted(maps.Keys(met)) {
		parts = append(parts, fmt.Sprintf("%d × %s", met[way], way))
	}
	return strings.Join(parts, ", ")
}

// elsewhere are the commands that play an anchored file on real processes, or say
// why they cannot.
func (o *shrinkOptions) elsewhere(answer *shrink.Answer, replay string) []string {
	s, err := scenarios.Parse("", []byte(answer.Text))
	if err == nil {
		_, err = chaos.Compile(s)
	}
	if err != nil {
		return []string{"real processes cannot play it: " + err.Error()}
	}
	before, file, _ := strings.Cut(replay, " run ")
	return []string{
		"on real processes: " + before + " run --tier real " + file,
		"in both worlds: " + before + " parity " + file,
	}
}
