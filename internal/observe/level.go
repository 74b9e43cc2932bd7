package observe

import (
	"io"
	"log/slog"

	"fencepost/internal/config"
	"fencepost/internal/plain"
)

// LevelCritical is above error: somebody should look now.
const LevelCritical = slog.Level(12)

// siren marks changes of leadership.
const siren = "🚨 "

// NewLogger returns a logger that writes to w as configured. Times are in UTC, and
// what a terminal would obey or a person not see is written as its number.
func NewLogger(c config.Log, w io.Writer) *slog.Logger {
	w = plain.Writer(w)
	options := &slog.HandlerOptions{Level: c.Level.Slog(), ReplaceAttr: replace}
	if c.Format == config.FormatText {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// replace names our own level, which the library would call ERROR+4.
func replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		if level, ok := a.Value.Any().(slog.Level); ok && level == LevelCritical {
			return slog.String(slog.LevelKey, "CRITICAL")
		}
	case slog.TimeKey:
		return slog.Time(slog.TimeKey, a.Value.Time().UTC())
	}
	return a
}
