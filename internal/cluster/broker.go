package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"

	"fencepost/internal/broker/wire"
	"fencepost/internal/testbed/child"
	"fencepost/internal/testbed/rundir"
)

// Broker is the paper broker, in a process of its own.
type Broker struct {
	addr    string
	process *child.Process
}

// startBroker starts a broker of the class on a free port.
func startBroker(ctx context.Context, dir *rundir.Dir, program, class string) (*Broker, error) {
	log := filepath.Join(dir.Path(), "broker.log")
	b := &Broker{}
	err := child.OnFreePorts(1, log, func(addrs []string) error {
		var err error
		b.addr = addrs[0]
		b.process, err = child.Spawn(dir, log, program, "paper", "--listen", b.addr, "--class", class)
		if err != nil {
			return err
		}
		return b.process.AwaitAnswer(ctx, func(ctx context.Context) error {
			_, err := b.Orders(ctx)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("start paper broker: %w", err)
	}
	return b, nil
}

// URL is the broker's base address.
func (b *Broker) URL() string { return "http://" + b.addr }

// PID is the broker's process.
func (b *Broker) PID() int { return b.process.PID() }

// Orders returns the whole book, in the order of placing.
func (b *Broker) Orders(ctx context.Context) ([]wire.Receipt, error) {
	var book wire.Book
	if _, err := get(ctx, b.URL()+"/orders", &book); err != nil {
		return nil, fmt.Errorf("read the broker's book: %w", err)
	}
	return book.Orders, nil
}

// AnswerAfter makes the broker take that long for each answer. The order is in
// its book by then.
func (b *Broker) AnswerAfter(ctx context.Context, least, most time.Duration) error {
	text := fmt.Appendf(nil, `{"ack": {"min": %q, "max": %q}}`, least, most)
	ctx, cancel := context.WithTimeout(ctx, askBound)
	defer cancel()
	to := b.URL() + "/behaviour"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return err
	}
	if _, err := exchange(request, nil); err != nil {
		return fmt.Errorf("change the broker's behaviour: %w", err)
	}
	return nil
}
