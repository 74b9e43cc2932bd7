package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fencepost/scenarios"
)

func newExplain() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [WORD]",
		Short: "Explain a word of the scenario format, or list them all",
		Long: "Explains a verb, an effect or act, a field, an event, an invariant, an operation, a party,\n" +
			"a unit or a mutant, in each of its meanings. Without a word it lists those that there are.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			text := listOfWords()
			if len(args) == 1 {
				var err error
				if text, err = explain(args[0]); err != nil {
					return refuse(err)
				}
			}
			if _, err := fmt.Fprint(c.OutOrStdout(), text); err != nil {
				return broke(err)
			}
			return nil
		},
	}
}

// explain returns all meanings of the word.
func explain(word string) (string, error) {
	var meanings []string
	for _, e := range scenarios.Explain(word) {
		meanings = append(meanings, e.Text())
	}
	if len(meanings) > 0 {
		return strings.Join(meanings, "\n"), nil
	}
	text := word + " is no word of the scenario format"
	if near := scenarios.Nearest(word, scenarios.Words()); near != "" {
		text += "; did you mean " + near + "?"
	}
	return "", errors.New(text + " (drill explain lists them all)")
}

// listOfWords returns every word under what it is, in the format's order.
func listOfWords() string {
	var kinds []string
	words := map[string][]string{}
	for _, e := range scenarios.Vocabulary() {
		if words[e.Kind] == nil {
			kinds = append(kinds, e.Kind)
		}
		words[e.Kind] = append(words[e.Kind], e.Word)
	}
	var b strings.Builder
	for _, kind := range kinds {
		fmt.Fprintf(&b, "%s:\n%s", kind, scenarios.Wrap(strings.Join(words[kind], ", "), 4))
	}
	return b.String()
}
