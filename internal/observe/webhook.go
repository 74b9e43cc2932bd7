package observe

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"

	"fencepost/core"
	"fencepost/core/event"
	"fencepost/core/inbox"
	"fencepost/internal/intake"
	"fencepost/internal/intake/payload"
)

// Saw logs and counts a webhook, in one line; a signal that is held has a second
// one, which is the alert.
func (o *Observer) Saw(s *intake.Seen) {
	o.metrics.requests.WithLabelValues(s.Source, strconv.Itoa(s.Status)).Inc()
	o.metrics.answers.Observe(s.Took.Seconds())
	canary := s.Type == payload.Heartbeat
	if canary && s.Status < http.StatusMultipleChoices {
		o.metrics.senders.WithLabelValues(s.Source).SetToCurrentTime()
	}
	list := webhookAttributes(s)
	level, text := slog.LevelInfo, "webhook answered"
	if s.Problem != "" {
		level, text = slog.LevelWarn, "webhook refused"
	}
	if s.Event != event.None {
		// A canary is stored like a signal, and is none that somebody wants executed.
		if !canary {
			o.metrics.events.WithLabelValues(s.Event.String()).Inc()
		}
		list = append(list, slog.String("event", s.Event.String()))
		level, text = max(level, lines[s.Event].level), lines[s.Event].text
	}
	if s.Err != nil {
		level = max(level, slog.LevelWarn)
	}
	switch {
	case s.Reason == core.Conflict:
		text = siren + "another payload came under an id that is taken; ask the sender which one is meant"
	case s.State == core.Rejected && s.Doubt == inbox.Similar:
		level = max(level, slog.LevelWarn)
		text = "signal stored and refused: another one said the same just before"
	}
	o.log.LogAttrs(context.Background(), level, text, list...)
	if s.State == core.Held && s.Doubt != inbox.NoDoubt {
		o.alertOfHeld(s)
	}
}

// SentAway counts a sender's connection that was closed to make room.
func (o *Observer) SentAway() { o.metrics.sentAway.Inc() }

// webhookAttributes lists what is known of the request.
func webhookAttributes(s *intake.Seen) []slog.Attr {
	list := []slog.Attr{
		slog.String("source", s.Source), slog.Int("status", s.Status), slog.String("signal_id", s.Key),
		slog.Int64("signal", int64(s.Signal)), slog.String("type", s.Type),
		slog.String("state", s.State.String()), slog.Duration("took", s.Took),
	}
	add := func(holds bool, a slog.Attr) {
		if holds {
			list = append(list, a)
		}
	}
	add(s.Reason != core.NoReason, slog.String("reason", s.Reason.String()))
	add(s.Doubt != inbox.NoDoubt, slog.String("reason", s.Doubt.String()))
	add(s.SimilarTo != 0, slog.Int64("similar_to", int64(s.SimilarTo)))
	add(s.Problem != "", slog.String("problem", s.Problem))
	add(s.Field != "", slog.String("field", s.Field))
	add(s.Problem != "" && s.Address.IsValid(), slog.String("address", s.Address.String()))
	if s.Err != nil {
		list = append(list, slog.String("error", s.Err.Error()))
	}
	return list
}

// alertOfHeld tells a person of a signal that waits for one.
func (o *Observer) alertOfHeld(s *intake.Seen) {
	o.metrics.events.WithLabelValues(event.AlertRaised.String()).Inc()
	text := siren + "a signal is held because its sender's clock is ahead; free it or cancel it: " +
		"fencepost signals decide"
	if s.Doubt == inbox.Similar {
		text = siren + "a signal is held because another one said the same just before; free it or cancel " +
			"it: fencepost signals decide"
	}
	o.log.Log(context.Background(), lines[event.AlertRaised].level, text,
		"event", event.AlertRaised.String(), "source", s.Source, "signal_id", s.Key,
		"signal", int64(s.Signal), "state", s.State.String(), "reason", s.Doubt.String(),
		"similar_to", int64(s.SimilarTo))
}
