package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/internal/supervise"
)

func (a *app) serve() *cobra.Command {
	var also []string
	spread := true
	cmd := &cobra.Command{
		Use: "serve", Short: "Run an instance until SIGTERM or SIGINT, then hand over", Args: cobra.NoArgs,
		Long: "Runs an instance until SIGTERM or SIGINT, then hands over.\n\n" +
			"With --also the process is an instance of several groups, each with a file, a lease and an\n" +
			"epoch of its own. The files agree in everything that belongs to the process: instance_id,\n" +
			"listen, admin_listen, admin_token and the stores, whose connections all groups share. The\n" +
			"routes of a group stand below /groups/NAME, those of the first without it as well.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			log := fencepost.NewLogger(c, a.errs)
			redis.SetLogger(clientLog{log})
			above, err := supervise.FromEnvironment(os.Getenv)
			if err != nil {
				return refused(err)
			}
			options := []fencepost.Option{fencepost.WithLogger(log), fencepost.WithSupervisor(above)}
			if len(also) == 0 {
				k, err := fencepost.New(*c, options...)
				if err != nil {
					return refused(err)
				}
				return k.Serve(cmd.Context())
			}
			if spread {
				options = append(options, fencepost.Spread())
			}
			configs := []fencepost.Config{*c}
			for _, file := range also {
				c, err := fencepost.LoadConfig(file)
				if err != nil {
					return refused(err)
				}
				configs = append(configs, *c)
			}
			g, err := fencepost.NewGroups(configs, options...)
			if err != nil {
				return refused(err)
			}
			return g.Serve(cmd.Context())
		},
	}
	cmd.Flags().StringArrayVar(&also, "also", nil,
		"take part in the group of this configuration `FILE` as well")
	cmd.Flags().BoolVar(&spread, "spread", true,
		"with --also: let each group prefer another instance as its leader")
	return cmd
}

// clientLog takes what the Redis client says of its connections. Whoever made
// the call is told of the failure itself, so that this is for debugging.
type clientLog struct{ log *slog.Logger }

// Printf writes one message.
func (c clientLog) Printf(ctx context.Context, format string, args ...any) {
	c.log.DebugContext(ctx, fmt.Sprintf(format, args...), "client", "redis")
}
