package main

import (
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

func (a *app) instances() *cobra.Command {
	var stale time.Duration
	cmd := &cobra.Command{
		Use: "instances", Short: "List the group's instances, or those not heard of",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if stale < 0 {
				return refused(fmt.Errorf("--stale %v: must not be negative", stale))
			}
			if cmd.Flags().Changed("stale") {
				return a.staleInstances(cmd, stale)
			}
			return a.allInstances(cmd)
		},
	}
	cmd.Flags().DurationVar(&stale, "stale", 0, "only those not heard of for so long")
	return cmd
}

func (a *app) allInstances(cmd *cobra.Command) error {
	r, _, err := a.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	list, err := r.Instances(cmd.Context())
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(list))
	for i := range list {
		n := &list[i]
		rows = append(rows, []string{
			n.InstanceID, n.Status, yes(n.IsLeader), seconds(n.SecondsSinceHeartbeat) + " ago",
			moment(n.StartedAt), n.Hostname, strconv.Itoa(n.Port), n.Version,
		})
	}
	return a.print(list,
		[]string{"INSTANCE", "STATUS", "LEADER", "HEARTBEAT", "STARTED", "HOST", "PORT", "VERSION"}, rows)
}

func (a *app) staleInstances(cmd *cobra.Command, stale time.Duration) error {
	r, _, err := a.reader()
	if err != nil {
		return err
	}
	defer r.Close()
	list, err := r.StaleInstances(cmd.Context(), stale)
	if err != nil {
		return err
	}
	rows := make([][]string, 0, len(list))
	for i := range list {
		n := &list[i]
		rows = append(rows, []string{
			n.InstanceID, yes(n.IsLeader), moment(n.LastHeartbeat), seconds(n.SecondsStale),
		})
	}
	return a.print(list, []string{"INSTANCE", "LEADER", "LAST HEARTBEAT", "STALE FOR"}, rows)
}
