package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost"
)

// acceptTime bounds an acceptance, which may enter many lost epochs.
const acceptTime = time.Minute

func (a *app) authority() *cobra.Command {
	return group("authority", "Look at, and accept, a PostgreSQL that went back in time",
		a.authorityShow(), a.authorityAccept(), a.authorityProtocol())
}

func (a *app) authorityShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show",
		Short: "Compare the ledger's epoch with the witness in Redis; exit 3 if the ledger is behind",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), readingTime)
			defer cancel()
			found := r.Authority(ctx)
			if err := a.print(found, []string{"AUTHORITY", "IS"}, authorityRows(&found)); err != nil {
				return err
			}
			switch {
			case found.Regressed:
				return &codedError{code: exitConflict}
			case len(found.Errors) > 0:
				return errors.New("a store did not answer")
			case found.Ledger.Standby:
				return errors.New("this PostgreSQL is a standby; the configuration must name the primary")
			default:
				return nil
			}
		},
	}
}

func authorityRows(found *fencepost.Authority) [][]string {
	witness := "-"
	if found.Witness != nil {
		witness = strconv.FormatUint(*found.Witness, 10)
	}
	rows := [][]string{{"witness in Redis", witness}, {"went back in time", yes(found.Regressed)}}
	if l := found.Ledger; l != nil {
		tenure := "nobody ever led"
		if l.Tenure != "" {
			tenure = fmt.Sprintf("%s, open %s, of %s since %s",
				l.Tenure, yes(l.Open), or(&l.Holder, "nobody"), momentOr(l.TakenAt, "-"))
		}
		accepted := strconv.FormatUint(uint64(l.Accepted), 10) + " times"
		if last := l.LastAcceptance; last != nil {
			accepted += fmt.Sprintf(", last by %s at %s: %s", last.By, moment(last.At), last.Reason)
		}
		rows = append(rows, [][]string{
			{"group", l.Group},
			{"ledger's epoch", strconv.FormatUint(uint64(l.Epoch), 10)},
			{"tenure", tenure},
			{"accepted", accepted},
			{"system identifier", strconv.FormatUint(l.System, 10)},
			{"timeline", strconv.FormatUint(uint64(l.Timeline), 10)},
			{"standby", yes(l.Standby)},
		}...)
	}
	for _, text := range found.Errors {
		rows = append(rows, []string{"no answer", text})
	}
	return rows
}

// consent is what an acceptance asks for on the command line.
type consent struct {
	reason, by string
	epoch      uint64
	yes        bool
}

func (a *app) authorityAccept() *cobra.Command {
	var c consent
	cmd := &cobra.Command{
		Use:   "accept --reason TEXT",
		Short: "Go on with this PostgreSQL as it is, although it went back in time",
		Long: "Enters the epochs that PostgreSQL has forgotten as lost and counts the acceptance. Every\n" +
			"barred instance takes part again once it reads of it. What was lost stays lost: look first\n" +
			"whether this is the database that you mean (docs/runbooks/authority-regressed.md).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.accept(cmd, &c) },
	}
	signature(cmd, &c.reason, &c.by)
	flags := cmd.Flags()
	flags.Uint64Var(&c.epoch, "epoch", 0,
		"the highest `EPOCH` that anybody remembers, if Redis has forgotten it")
	flags.BoolVar(&c.yes, "yes", false, "do not ask; for scripts")
	return cmd
}

// whoami is the name of whoever runs the command.
func whoami() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

func (a *app) accept(cmd *cobra.Command, c *consent) error {
	if err := signed(c.reason, c.by); err != nil {
		return err
	}
	r, config, err := a.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), readingTime)
	found := r.Authority(ctx)
	cancel()
	if found.Ledger == nil {
		return fmt.Errorf("nothing was changed: %s", strings.Join(found.Errors, "; "))
	}
	if !c.yes {
		if err := a.confirm(cmd, config.Group, &found); err != nil {
			return err
		}
	}
	ctx, cancel = context.WithTimeout(cmd.Context(), acceptTime)
	defer cancel()
	done, err := r.AcceptAuthority(ctx, fencepost.Acceptance{By: c.by, Reason: c.reason, Epoch: c.epoch})
	if err != nil {
		return err
	}
	return a.print(done, []string{"ACCEPTED", "IS"}, [][]string{
		{"epoch found", strconv.FormatUint(uint64(done.Found), 10)},
		{"epoch now", strconv.FormatUint(uint64(done.Epoch), 10)},
		{"accepted", strconv.FormatUint(uint64(done.Count), 10) + " times"},
	})
}

// confirm shows what is about to be accepted and wants the group's name typed.
func (a *app) confirm(cmd *cobra.Command, name string, found *fencepost.Authority) error {
	for _, row := range authorityRows(found) {
		fmt.Fprintf(a.errs, "%s: %s\n", row[0], row[1])
	}
	if !found.Regressed {
		fmt.Fprintln(a.errs, "No epoch is known to be lost; barred instances will take part again.")
	}
	fmt.Fprintf(a.errs, "Orders that this database has forgotten may exist at the broker.\n"+
		"Type the group's name, %s, to go on with it: ", name)
	line, err := bufio.NewReader(cmd.InOrStdin()).ReadString('\n')
	if typed := strings.TrimSpace(line); typed != name {
		fmt.Fprintln(a.errs)
		if err != nil && typed == "" {
			return errors.New("nothing was changed: nobody confirmed; --yes is for scripts")
		}
		return fmt.Errorf("nothing was changed: %q is not the group's name", typed)
	}
	return nil
}
