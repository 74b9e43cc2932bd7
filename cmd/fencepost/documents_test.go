package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// verbs are the commands that do something, without the program's name.
func verbs(c *cobra.Command) []string {
	var list []string
	for _, sub := range c.Commands() {
		if sub.HasSubCommands() {
			list = append(list, verbs(sub)...)
			continue
		}
		_, words, _ := strings.Cut(sub.CommandPath(), " ")
		list = append(list, words)
	}
	return list
}

func TestEveryVerbStandsInTheGuideAndTheGuideNamesNoOther(t *testing.T) {
	root := (&app{out: io.Discard, errs: new(bytes.Buffer)}).root()
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "OPERATING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, begins := strings.Cut(string(text), "<!-- names: commands -->")
	table, _, ends := strings.Cut(after, "<!-- /names -->")
	if !begins || !ends {
		t.Fatal("the guide has no list of commands")
	}
	var named []string
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(table) {
		if cells := strings.SplitN(line, "|", 3); len(cells) == 3 {
			for _, match := range quoted.FindAllStringSubmatch(cells[1], -1) {
				named = append(named, match[1])
			}
		}
	}
	known := verbs(root)
	for _, verb := range known {
		if verb != "help" && !slices.Contains(named, verb) {
			t.Errorf("fencepost %s does not stand in the guide", verb)
		}
	}
	for _, verb := range named {
		if !slices.Contains(known, verb) {
			t.Errorf("the guide names fencepost %s, which is no command", verb)
		}
	}
}
