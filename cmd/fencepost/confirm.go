package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// confirmation is how a person stands to what they are about to do.
type confirmation struct {
	// given is the phrase that a script brings.
	given string
}

// confirmed adds the flag by which a script confirms.
func confirmed(cmd *cobra.Command, c *confirmation) {
	cmd.Flags().StringVar(&c.given, "yes-i-confirm", "",
		"the `PHRASE` that would have to be typed; for scripts, which have no terminal")
}

// errUnconfirmed says that nothing was done.
var errUnconfirmed = errors.New("nothing was changed")

// wantPhrase wants the phrase typed at a terminal, or given by a script. Whoever types
// it has read what stands above it, for it names what is done.
func (a *app) wantPhrase(cmd *cobra.Command, c *confirmation, phrase string) error {
	if cmd.Flags().Changed("yes-i-confirm") {
		if c.given != phrase {
			return refused(fmt.Errorf("%w: --yes-i-confirm must be '%s'", errUnconfirmed, phrase))
		}
		return nil
	}
	in := cmd.InOrStdin()
	if !isTerminal(in) {
		return fmt.Errorf("%w: there is no terminal to ask at; a script says --yes-i-confirm '%s'",
			errUnconfirmed, phrase)
	}
	fmt.Fprintf(a.errs, "Type: %s\n> ", phrase)
	line, err := bufio.NewReader(in).ReadString('\n')
	if typed := strings.TrimSpace(line); typed != phrase {
		fmt.Fprintln(a.errs)
		if err != nil && typed == "" {
			return fmt.Errorf("%w: nobody confirmed", errUnconfirmed)
		}
		return fmt.Errorf("%w: %q is not the phrase", errUnconfirmed, typed)
	}
	return nil
}

// isTerminal reports whether somebody may sit at the other end. The null device
// passes for a terminal too; whoever asks it gets no answer, which confirms
// nothing.
func isTerminal(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// say prints lines about what is to be confirmed to standard error, so that
// standard output stays the answer.
func (a *app) say(rows [][]string) {
	for _, row := range rows {
		fmt.Fprintf(a.errs, "%s: %s\n", row[0], row[1])
	}
}
