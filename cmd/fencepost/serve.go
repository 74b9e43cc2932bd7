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
	return &cobra.Command{
		Use: "serve", Short: "Run an instance until SIGTERM or SIGINT, then hand over", Args: cobra.NoArgs,
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
			k, err := fencepost.New(*c, fencepost.WithLogger(log), fencepost.WithSupervisor(above))
			if err != nil {
				return refused(err)
			}
			return k.Serve(cmd.Context())
		},
	}
}

// clientLog takes what the Redis client says of its connections. Whoever made
// the call is told of the failure itself, so that this is for debugging.
type clientLog struct{ log *slog.Logger }

// Printf writes one message.
func (c clientLog) Printf(ctx context.Context, format string, args ...any) {
	c.log.DebugContext(ctx, fmt.Sprintf(format, args...), "client", "redis")
}
