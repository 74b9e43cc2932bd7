package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost/core/order"
	"fencepost/internal/broker/paper"
	"fencepost/internal/config"
)

// paperFlags are the settings of a paper broker.
type paperFlags struct {
	listen, class, ack, secretFile string
	fillAfter                      time.Duration
	seed                           uint64
	behave                         []string
}

func (a *app) paper() *cobra.Command {
	var f paperFlags
	cmd := &cobra.Command{
		Use: "paper", Short: "Run a broker on paper, well or badly behaved", Args: cobra.NoArgs,
		Long: "Run a broker on paper. POST /orders and GET /orders[?client_order_id=] are its interface;\n" +
			"POST, GET and DELETE /behaviour change how it behaves while it runs; --behave begins it:\n" +
			"  --behave late:delay=8s,count=1      one order arrives late\n" +
			"  --behave lost_reply                 orders are placed, their answers lost\n" +
			"  --behave wrong_status:status=503    orders are placed, and the code denies it\n" +
			"Acts: " + acts() + ".",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.runPaper(cmd.Context(), &f) },
	}
	cmd.Flags().StringVar(&f.listen, "listen", "127.0.0.1:9600", "the `ADDRESS` to listen on")
	cmd.Flags().StringVar(&f.class, "class", "A", "how it treats ids and look-ups: `A`, B, C or D")
	cmd.Flags().StringVar(&f.ack, "ack", "0s..0s", "how long answers take, drawn from this `RANGE`")
	cmd.Flags().DurationVar(&f.fillAfter, "fill-after", 0, "how long an order stays open")
	cmd.Flags().StringVar(&f.secretFile, "secret-file", "", "demand signatures by the secret in this `FILE`")
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "fixes what is drawn")
	cmd.Flags().StringArrayVar(&f.behave, "behave", nil,
		"begin with an `ACT[:FIELD=VALUE,…]`; fields are delay, for, count, status, code; repeatable")
	enumerate(cmd, "class", classes)
	enumerate(cmd, "behave", actWords)
	return cmd
}

// classes lists the kinds of brokers.
func classes() []string {
	var words []string
	for c := order.ClassD; c <= order.ClassA; c++ {
		words = append(words, c.String())
	}
	return words
}

// acts lists what a paper broker does wrong on demand.
func acts() string { return strings.Join(actWords(), ", ") }

func actWords() []string {
	words := make([]string, 0, len(paper.Acts()))
	for _, act := range paper.Acts() {
		words = append(words, string(act))
	}
	return words
}

func (a *app) runPaper(ctx context.Context, f *paperFlags) error {
	class, err := config.ParseClass(f.class)
	if err != nil {
		return refused(fmt.Errorf("--class: %w", err))
	}
	least, most, err := parseRange(f.ack)
	if err != nil {
		return refused(fmt.Errorf("--ack: %w", err))
	}
	var secret []byte
	if f.secretFile != "" {
		text, err := os.ReadFile(f.secretFile)
		if err != nil {
			return fmt.Errorf("--secret-file: %w", err)
		}
		secret = []byte(strings.TrimRight(string(text), "\r\n"))
	}
	desk := paper.NewServer(paper.Config{Class: class, FillAfter: f.fillAfter, Secret: secret, Seed: f.seed})
	if err := desk.Conduct.Ack(least, most); err != nil {
		return refused(fmt.Errorf("--ack: %w", err))
	}
	for _, text := range f.behave {
		behaviour, err := paper.ParseBehaviour(text)
		if err == nil {
			err = desk.Conduct.Begin(behaviour)
		}
		if err != nil {
			return refused(fmt.Errorf("--behave: %w", err))
		}
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: desk, ReadHeaderTimeout: 5 * time.Second}
	context.AfterFunc(ctx, func() {
		desk.Close()
		_ = server.Close()
	})
	fmt.Fprintf(a.errs, "paper broker of class %v listens on %s\n", class, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// parseRange reads a range of time spans, like 5ms..20ms, or a single one.
func parseRange(text string) (least, most time.Duration, err error) {
	low, high, isRange := strings.Cut(text, "..")
	if !isRange {
		high = low
	}
	if least, err = time.ParseDuration(low); err != nil {
		return 0, 0, fmt.Errorf("%q: write a range like 5ms..20ms", text)
	}
	if most, err = time.ParseDuration(high); err != nil {
		return 0, 0, fmt.Errorf("%q: write a range like 5ms..20ms", text)
	}
	return least, most, nil
}
