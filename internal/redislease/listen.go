package redislease

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/redis/go-redis/v9"

	"fencepost/core"
)

// The words that are published.
const (
	releasedWord = "released"
	workWord     = "work"
)

// errSilent ends a subscription whose test went unanswered.
var errSilent = errors.New("subscription is silent")

// Listen hands the group's hints to heard until ctx ends: core.ReleaseHeard and
// core.WorkHeard. It subscribes again whenever the connection is lost, and
// then gives both hints, because messages may have been missed. A link that
// went silent is noticed within twice the patience.
func (l *Lease) Listen(ctx context.Context, heard func(core.InputKind)) {
	for round := 0; ctx.Err() == nil; round++ {
		// Why a subscription ended is of no use to anybody: hints may be lost.
		_ = l.listenOnce(ctx, round > 0, heard)
		pause(ctx, l.opt.Timeout)
	}
}

// listenOnce subscribes and reads until something is wrong.
func (l *Lease) listenOnce(ctx context.Context, again bool, heard func(core.InputKind)) error {
	sub := l.others.Subscribe(ctx)
	defer sub.Close()
	// A read does not end with the context, but with its connection.
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer stop()
	if err := l.subscribe(ctx, sub); err != nil {
		return err
	}
	tested := false
	for {
		message, err := sub.ReceiveTimeout(ctx, l.opt.Patience)
		switch {
		case err == nil:
			tested = false
			hint(message, again, heard)
		case !isSilence(err):
			return fmt.Errorf("receive: %w", err)
		case tested:
			return errSilent
		default:
			tested = true
			if err := l.test(ctx, sub); err != nil {
				return err
			}
		}
	}
}

// subscribe opens a connection and asks for the group's channel.
func (l *Lease) subscribe(ctx context.Context, sub *redis.PubSub) error {
	ctx, cancel := context.WithTimeout(ctx, handshakes*l.opt.Timeout)
	defer cancel()
	if err := sub.Subscribe(ctx, Channel(l.opt.Group)); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	return nil
}

// test asks for a sign of life.
func (l *Lease) test(ctx context.Context, sub *redis.PubSub) error {
	ctx, cancel := context.WithTimeout(ctx, l.opt.Timeout)
	defer cancel()
	if err := sub.Ping(ctx); err != nil {
		return fmt.Errorf("test subscription: %w", err)
	}
	return nil
}

// isSilence reports whether a read ended only because nothing came.
func isSilence(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return false
	}
	return errors.Is(err, os.ErrDeadlineExceeded)
}

// hint passes on what a message says.
func hint(message any, again bool, heard func(core.InputKind)) {
	switch m := message.(type) {
	case *redis.Message:
		switch m.Payload {
		case releasedWord:
			heard(core.ReleaseHeard)
		case workWord:
			heard(core.WorkHeard)
		}
	case *redis.Subscription:
		if again {
			heard(core.ReleaseHeard)
			heard(core.WorkHeard)
		}
	}
}

// pause waits, but not beyond the context.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
