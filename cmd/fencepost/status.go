package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost"
)

func (a *app) status() *cobra.Command {
	var base string
	cmd := &cobra.Command{
		Use: "status", Short: "Ask the configured instance how it is", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			code, body, err := ask(cmd.Context(), c, http.MethodGet, base, "/v1/status")
			if err != nil {
				return err
			}
			if code != http.StatusOK {
				return detail(code, body)
			}
			var s fencepost.Status
			if err := json.Unmarshal(body, &s); err != nil {
				return fmt.Errorf("read status: %w", err)
			}
			return a.print(s, []string{"WHAT", "IS"}, statusRows(&s))
		},
	}
	cmd.Flags().StringVar(&base, "admin-url", "", "ask the instance at this `URL` instead of admin_listen")
	return cmd
}

func statusRows(s *fencepost.Status) [][]string {
	ready := yes(s.Ready)
	if !s.Ready {
		ready += ": " + strings.Join(s.NotReady, ", ")
	} else if len(s.Degraded) > 0 {
		ready += ", without " + strings.Join(s.Degraded, ", ")
	}
	barred := yes(s.Barred)
	if s.Barred {
		barred += ": PostgreSQL went back in time; see: fencepost authority show"
	}
	eligible := yes(s.Eligible)
	if s.NotEligible != "" {
		eligible += ": " + s.NotEligible
	}
	return [][]string{
		{"instance", s.InstanceID + " of group " + s.Group},
		{"version", s.Version},
		{"role", s.Role},
		{"leads", yes(s.IsLeader)},
		{"tenure", or(&s.Tenure, "-")},
		{"barred", barred},
		{"epoch", strconv.FormatUint(s.Epoch, 10)},
		{"trust left", (time.Duration(s.TrustLeftMS) * time.Millisecond).String()},
		{"ready", ready},
		{"eligible", eligible},
		{"protocol", strconv.Itoa(s.Protocol)},
		{"control", s.Control},
		{"in flight", strconv.Itoa(s.InFlight)},
		{"ledger's epoch", strconv.FormatUint(s.LedgerEpoch, 10)},
		{"up for", (time.Duration(s.UptimeMS) * time.Millisecond).String()},
	}
}
