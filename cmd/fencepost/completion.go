package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

// completeTime bounds what a completion asks of the ledger: somebody waits with
// a finger on the key.
const completeTime = time.Second

// enumerate completes a flag with its words, which are the code's own.
func enumerate(cmd *cobra.Command, flag string, words func() []string) {
	err := cmd.RegisterFlagCompletionFunc(flag,
		func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return words(), cobra.ShellCompDirectiveNoFileComp
		})
	if err != nil {
		// Only a flag that is not there, or is completed twice, is refused.
		panic(fmt.Sprintf("complete --%s of %s: %v", flag, cmd.Name(), err))
	}
}

// positions completes the arguments of a command by their place.
func positions(words ...func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= len(words) || words[len(args)] == nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return words[len(args)](), cobra.ShellCompDirectiveNoFileComp
	}
}

// signalStates lists the states that a signal can have.
func signalStates() []string {
	var words []string
	for s := core.Received; s < core.Void; s++ {
		words = append(words, s.String())
	}
	return words
}

// modes lists the control modes that can be set.
func modes() []string {
	var words []string
	for m := core.Run; m <= core.Halt; m++ {
		words = append(words, m.String())
	}
	return words
}

// decisions lists what a person can decide about a signal.
func decisions() []string {
	var words []string
	for s := core.Received; s <= core.Void; s++ {
		if pgledger.Decidable(s) {
			words = append(words, s.String())
		}
	}
	return words
}

// formats lists how readings are printed.
func formats() []string { return []string{formatTable, formatJSON} }

// completeDoubts completes the number of a signal in doubt, as far as the ledger
// answers at once.
func (a *app) completeDoubts(
	cmd *cobra.Command, args []string, _ string,
) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	r, _, err := a.reader()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTime)
	defer cancel()
	list, err := r.InDoubt(ctx, doubtsShown)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	words := make([]string, 0, len(list))
	for i := range list {
		d := &list[i]
		words = append(words, strconv.FormatInt(int64(d.ID), 10)+"\t"+story.OrderText(&d.Signal))
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}
