package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/migrations"
)

func (a *app) migrate() *cobra.Command {
	up := &cobra.Command{
		Use: "up", Short: "Apply every migration that is missing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.database()
			if err != nil {
				return err
			}
			done, err := migrations.Up(cmd.Context(), c.Postgres.DSN.Reveal(), c.Postgres.Access().Prepare)
			return errors.Join(a.printApplied(done), err)
		},
	}
	status := &cobra.Command{
		Use: "status", Short: "List the migrations and when each was applied", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.database()
			if err != nil {
				return err
			}
			list, err := migrations.Status(cmd.Context(), c.Postgres.DSN.Reveal(),
				c.Postgres.Access().Prepare)
			if err != nil {
				return err
			}
			return a.printApplied(list)
		},
	}
	show := &cobra.Command{
		Use: "print", Short: "Print the SQL of every migration", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return migrations.Print(a.out) },
	}
	return group("migrate", "Bring the ledger's tables up to date", up, a.migrateDown(), status, show)
}

func (a *app) migrateDown() *cobra.Command {
	var all, sure bool
	down := &cobra.Command{
		Use: "down", Short: "Take the newest migration back; what its tables held is lost",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.database()
			if err != nil {
				return err
			}
			if c.Production && !sure {
				return refused(errors.New("migrate down deletes rows of a production ledger; it needs --yes"))
			}
			done, err := migrations.Down(cmd.Context(), c.Postgres.DSN.Reveal(), all,
				c.Postgres.Access().Prepare)
			return errors.Join(a.printApplied(done), err)
		},
	}
	down.Flags().BoolVar(&all, "all", false, "take all migrations back")
	down.Flags().BoolVar(&sure, "yes", false, "also in production")
	return down
}

// database reads the configuration and judges what a migration needs of it.
func (a *app) database() (*fencepost.Config, error) {
	c, err := a.load()
	if err != nil {
		return nil, err
	}
	if err := c.CheckPostgres(); err != nil {
		return nil, refused(err)
	}
	return c, nil
}

// applied is a migration as it is printed.
type applied struct {
	Version int64      `json:"version"`
	Name    string     `json:"name"`
	At      *time.Time `json:"applied_at"`
}

func (a *app) printApplied(list []migrations.Applied) error {
	documents, rows := make([]applied, 0, len(list)), make([][]string, 0, len(list))
	for _, m := range list {
		document := applied{Version: m.Version, Name: m.Name}
		if !m.At.IsZero() {
			document.At = &m.At
		}
		documents = append(documents, document)
		rows = append(rows, []string{strconv.FormatInt(m.Version, 10), m.Name, momentOr(document.At, "-")})
	}
	if err := a.print(documents, []string{"VERSION", "NAME", "APPLIED"}, rows); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
