package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"fencepost"
)

// noticeStates lists the states that a notification can have.
func noticeStates() []string { return []string{"pending", "given_up", "delivered", "unwanted"} }

func (a *app) notifications() *cobra.Command {
	return group("notifications", "What people are told of, and whom it has reached",
		a.notificationsList(), a.notificationsRetry(), a.notificationsTest())
}

func (a *app) notificationsList() *cobra.Command {
	var (
		states []string
		limit  int
	)
	cmd := &cobra.Command{
		Use: "list", Args: cobra.NoArgs,
		Short: "List notifications, the youngest first; those that nobody has yet unless told otherwise",
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, state := range states {
				if !strings.Contains(" "+strings.Join(noticeStates(), " ")+" ", " "+state+" ") {
					return refused(fmt.Errorf("--state %q: %s", state, strings.Join(noticeStates(), ", ")))
				}
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			list, err := r.Notices(cmd.Context(), states, limit)
			if err != nil {
				return err
			}
			rows := make([][]string, 0, len(list))
			for i := range list {
				n := &list[i]
				rows = append(rows, []string{
					strconv.FormatInt(n.ID, 10), moment(n.HappenedAt), n.Kind, n.State,
					strconv.FormatInt(n.Attempts, 10), strings.Join(n.DeliveredTo, ","), n.Message,
					n.LastError,
				})
			}
			return a.print(list, []string{
				"ID", "HAPPENED", "KIND", "STATE", "ATTEMPTS", "REACHED", "MESSAGE", "LAST ERROR",
			}, rows)
		},
	}
	cmd.Flags().StringSliceVar(&states, "state", []string{"pending", "given_up"}, "only in these states")
	cmd.Flags().IntVar(&limit, "limit", 20, "at most so many")
	enumerate(cmd, "state", noticeStates)
	return cmd
}

func (a *app) notificationsRetry() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "retry [ID]", Short: "Have a notification that nobody has yet sent at once, or all of them",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var id int64
			if all == (len(args) == 1) {
				return refused(errors.New("say one ID, or --all"))
			}
			if !all {
				var err error
				if id, err = strconv.ParseInt(args[0], 10, 64); err != nil || id < 1 {
					return refused(fmt.Errorf("ID %q: want the number of a notification", args[0]))
				}
			}
			r, _, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			n, err := r.RetryNotices(cmd.Context(), id)
			if err == nil && n == 0 && !all {
				err = fmt.Errorf("notification %d: %w that waits", id, fencepost.ErrNoNotice)
				return &codedError{exitNobody, err}
			}
			if err != nil {
				return err
			}
			return a.print(map[string]int{"retried": n}, []string{"RETRIED"}, [][]string{{strconv.Itoa(n)}})
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every notification that nobody has yet")
	return cmd
}

func (a *app) notificationsTest() *cobra.Command {
	return &cobra.Command{
		Use: "test", Args: cobra.NoArgs,
		Short: "Send a harmless message to each configured channel, past the outbox",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.load()
			if err != nil {
				return err
			}
			tried, err := fencepost.TryChannels(cmd.Context(), c)
			if err != nil {
				return refused(err)
			}
			rows, failed := make([][]string, 0, len(tried)), 0
			for _, one := range tried {
				said := "took it"
				if one.Error != "" {
					said, failed = one.Error, failed+1
				}
				rows = append(rows, []string{one.Channel, said})
			}
			if err := a.print(tried, []string{"CHANNEL", "SAID"}, rows); err != nil {
				return err
			}
			if failed > 0 {
				return fmt.Errorf("%d of %d channels did not take the message", failed, len(tried))
			}
			return nil
		},
	}
}
