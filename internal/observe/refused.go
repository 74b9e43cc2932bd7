package observe

import (
	"context"
	"log/slog"
	"strconv"

	"fencepost/internal/refusal"
)

// Refused logs and counts a request that the HTTP server refused before anybody
// was asked, in one line. listener is the setting that names where it came in.
func (o *Observer) Refused(listener string, r refusal.Refusal) {
	o.metrics.requests.WithLabelValues("", strconv.Itoa(r.Status)).Inc()
	o.log.LogAttrs(context.Background(), slog.LevelWarn, "request refused before it was read",
		slog.String("listener", listener), slog.Int("status", r.Status), slog.String("problem", r.Problem),
		slog.String("address", r.Address.String()))
}
