package redislease

import (
	"context"
	"time"
)

// Now returns the time by Redis's clock.
func (l *Lease) Now(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakes*l.opt.Timeout)
	defer cancel()
	r, err := l.run(ctx, l.others, "leader", leaderScript)
	if err != nil {
		return time.Time{}, err
	}
	return time.Unix(0, int64(r.now)), nil
}
