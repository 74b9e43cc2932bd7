package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"fencepost"
	"fencepost/core"
)

// canaryPoll is the time between two looks at a canary's state.
const canaryPoll = 100 * time.Millisecond

// canaryLegs is what became of a canary, and when.
type canaryLegs struct {
	SignalID string        `json:"signal_id"`
	Signal   core.SignalID `json:"signal,omitempty"`
	State    string        `json:"state"`
	// Arrived says that it passed the gate and that this was recorded.
	Arrived bool `json:"arrived"`
	// Acknowledged is how long the sender waited for its answer.
	Acknowledged float64 `json:"acknowledged_ms"`
	// The others count from when the ledger had stored it: by the database's clock,
	// but for the gate, whose time is that of the instance.
	Permitted *float64 `json:"permitted_ms"`
	Gate      *float64 `json:"gate_ms"`
	Recorded  *float64 `json:"recorded_ms"`
	Detail    string   `json:"detail,omitempty"`
}

func (a *app) canary() *cobra.Command {
	return group("canary", "Send a signal that orders nothing the whole way up to the broker",
		a.canarySend())
}

func (a *app) canarySend() *cobra.Command {
	var (
		url, source string
		wait        time.Duration
	)
	cmd := &cobra.Command{
		Use:   "send",
		Short: "Send a canary and wait for its end; exit 2: not in time, 3: it ended otherwise",
		Long: "A canary is a HEARTBEAT: it is stored, permitted under the leader's epoch and passes the\n" +
			"gate like any other signal, and is answered there in place of the broker. No order leaves.\n" +
			"Its end is `cancelled`.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wait < time.Second || wait > time.Hour {
				return refused(fmt.Errorf("--wait %v: 1s to 1h", wait))
			}
			r, c, err := a.reader()
			if err != nil {
				return err
			}
			defer r.Close()
			ctx, cancel := context.WithTimeout(cmd.Context(), wait)
			defer cancel()
			return a.sendCanary(ctx, c, r, &sendFlags{url: url, source: source}, wait)
		},
	}
	cmd.Flags().StringVar(&url, "url", "", "send to the instance at this `URL` instead of listen")
	cmd.Flags().StringVar(&source, "source", "",
		"send as this configured source; the first by name unless set")
	cmd.Flags().DurationVar(&wait, "wait", 10*time.Second, "how long it may take")
	return cmd
}

func (a *app) sendCanary(
	ctx context.Context, c *fencepost.Config, r *fencepost.Reader, f *sendFlags, wait time.Duration,
) error {
	// It must not be executed later, when nobody waits for it any more.
	now := time.Now().UTC()
	f.kind, f.instrument, f.position, f.validFor = "HEARTBEAT", "CANARY", "canary", wait.String()
	f.at = now.Format(time.RFC3339Nano)
	f.id = "canary-" + f.at + "-" + strings.ToLower(rand.Text()[:6])
	sender, err := f.sender(c)
	if err != nil {
		return err
	}
	// It is a canary by its type; what else its source always says makes it no other.
	for field, constant := range map[*string]string{
		&f.instrument: sender.Fields.Instrument.Constant, &f.position: sender.Fields.Position.Constant,
	} {
		if constant != "" {
			*field = constant
		}
	}
	body, err := f.body(&sender)
	if err != nil {
		return refused(err)
	}
	legs := canaryLegs{SignalID: f.id, State: core.NoSignal.String()}
	code, answer, err := f.post(ctx, c, &sender, body)
	legs.Acknowledged = inMilliseconds(time.Since(now))
	switch {
	case err != nil:
		if coded := new(codedError); errors.As(err, &coded) {
			return err
		}
		legs.Detail = err.Error()
		return a.printCanary(&legs, exitNobody)
	case code != http.StatusAccepted:
		legs.Detail = fmt.Sprintf("not accepted: status %d: %s", code, strings.TrimSpace(string(answer)))
		return a.printCanary(&legs, exitConflict)
	}
	var stored struct {
		ID core.SignalID `json:"id"`
	}
	if err := json.Unmarshal(answer, &stored); err != nil || stored.ID == 0 {
		return errors.New("the answer does not say under which number the canary was stored")
	}
	legs.Signal = stored.ID
	return a.followCanary(ctx, r, &legs)
}

// followCanary looks at the canary until it has ended or its time is over.
func (a *app) followCanary(ctx context.Context, r *fencepost.Reader, legs *canaryLegs) error {
	ticker := time.NewTicker(canaryPoll)
	defer ticker.Stop()
	for {
		s, err := r.Signal(ctx, legs.Signal)
		if err == nil {
			legs.take(&s)
			if s.EndedAt != nil || s.AlertedAt != nil {
				break
			}
		} else if ctx.Err() == nil {
			legs.Detail = err.Error()
		}
		select {
		case <-ctx.Done():
			if legs.Detail == "" {
				legs.Detail = "it did not end in time; is there a leader, and is the control mode run?"
			}
			return a.printCanary(legs, exitNobody)
		case <-ticker.C:
		}
	}
	if !legs.Arrived {
		return a.printCanary(legs, exitConflict)
	}
	return a.printCanary(legs, exitDone)
}

// take reads the legs of a canary as far as it has come.
func (l *canaryLegs) take(s *fencepost.SignalDetail) {
	l.State, l.Detail = s.State, strings.TrimSpace(s.StateReason)
	after := func(t time.Time) *float64 {
		span := inMilliseconds(t.Sub(s.ReceivedAt))
		return &span
	}
	if len(s.Attempts) == 0 {
		return
	}
	last := &s.Attempts[len(s.Attempts)-1]
	l.Permitted, l.Detail = after(last.PermittedAt), last.BrokerDetail
	if last.RecordedAt != nil {
		l.Recorded = after(*last.RecordedAt)
	}
	if passed, ok := fencepost.CanaryPassedGate(last.BrokerDetail); ok {
		l.Gate = after(passed)
		l.Arrived = s.State == core.Cancelled.String()
	}
}

func inMilliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// printCanary prints the legs and ends with the code.
func (a *app) printCanary(legs *canaryLegs, code int) error {
	leg := func(ms *float64) string {
		if ms == nil {
			return "-"
		}
		return fmt.Sprintf("%.1f ms", *ms)
	}
	stored := "-"
	if legs.Signal != 0 {
		stored = fmt.Sprintf("signal %d", legs.Signal)
	}
	if err := a.print(legs, []string{"CANARY", legs.SignalID}, [][]string{
		{"stored as", stored},
		{"state", legs.State},
		{"acknowledged after", leg(&legs.Acknowledged)},
		{"permitted after", leg(legs.Permitted)},
		{"reached the gate after", leg(legs.Gate) + " (by the instance's clock)"},
		{"recorded after", leg(legs.Recorded)},
		{"arrived", yes(legs.Arrived)},
		{"detail", or(&legs.Detail, "-")},
	}); err != nil || code == exitDone {
		return err
	}
	return &codedError{code: code}
}
