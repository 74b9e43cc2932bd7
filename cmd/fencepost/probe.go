package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// probeTime bounds a probe.
const probeTime = 2 * time.Second

// probes are what may be asked, and where.
var probes = map[string]string{"live": "/livez", "ready": "/readyz", "leader": "/leader"}

func (a *app) probe() *cobra.Command {
	words := []string{"live", "ready", "leader"}
	return &cobra.Command{
		Use: "probe live|ready|leader", Short: "Ask the configured instance one question; exit 0 yes, 1 no",
		Long: "For whatever supervises an instance and has no HTTP client at hand, like the health check\n" +
			"of a container. The instance is asked at admin_listen.",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: words,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			host, port, err := net.SplitHostPort(c.AdminListen)
			if err != nil {
				return refused(fmt.Errorf("admin_listen: %w", err))
			}
			// Whoever listens everywhere is asked here.
			if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
				host = "localhost"
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), probeTime)
			defer cancel()
			base := "http://" + net.JoinHostPort(host, port)
			code, body, err := ask(ctx, c, http.MethodGet, base, probes[args[0]])
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, string(body))
			if code != http.StatusOK {
				return &codedError{code: exitFailed}
			}
			return nil
		},
	}
}

func (a *app) configuration() *cobra.Command {
	check := &cobra.Command{
		Use: "check", Short: "Judge the settings without asking anybody; exit 64 if one is refused",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			for _, judge := range []func() error{c.Validate, c.CheckBroker} {
				if err := judge(); err != nil {
					return refused(err)
				}
			}
			fmt.Fprintln(a.out, "valid")
			return nil
		},
	}
	show := &cobra.Command{
		Use: "show", Short: "Print every setting as an instance would have it, secrets redacted",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			lines := c.Lines()
			rows := make([][]string, 0, len(lines))
			document := make(map[string]string, len(lines))
			for _, line := range lines {
				rows, document[line.Name] = append(rows, []string{line.Name, line.Value}), line.Value
			}
			slices.SortFunc(rows, func(a, b []string) int {
				if a[0] < b[0] {
					return -1
				}
				return 1
			})
			return a.print(document, []string{"SETTING", "VALUE"}, rows)
		},
	}
	return group("config", "Judge the settings, or print them", check, show)
}
