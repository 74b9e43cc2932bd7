package doctor

import (
	"context"
	"crypto/rand"
	"net"
	"net/url"
	"time"

	"fencepost/core/inbox"
	"fencepost/core/order"
	"fencepost/internal/broker"
)

// Broker asks the broker after an order that nobody has ever sent, and judges
// what its adapter promises. A broker that has no look-up is only reached.
func Broker(
	ctx context.Context, b broker.Adapter, address string, configured order.Capability, within time.Duration,
) []Check {
	var l list
	promise := b.Promise()
	class := configured.Class()
	if err := promise.Check(configured); err != nil {
		l.fail("broker.class", class.String(), err.Error(), "set broker.class to what the broker keeps")
	} else {
		l.ok("broker.class", class.String(), classMeans(class))
	}
	ctx, cancel := context.WithTimeout(ctx, min(within, bound))
	defer cancel()
	const away = "no order can be sent, or whether it was cannot be known"
	const do = "look at the broker, the address in broker.url, the credentials, and the way there"
	if promise.Lookup == order.LookupNone {
		if err := reach(ctx, address); err != nil {
			l.fail("broker.reached", err.Error(), away, do)
		} else {
			l.ok("broker.reached", "accepts connections", "more cannot be asked of it: it has no look-up")
		}
		return l
	}
	began := time.Now()
	result := b.Lookup(ctx, inbox.ClientOrderID("doctor:"+rand.Text(), 1))
	took := time.Since(began).Round(time.Millisecond).String()
	switch result.Answer {
	case order.Absent:
		l.ok("broker.reached", "answers in "+took, "it tells that an order which was never sent is not there")
	case order.Unknown:
		text := "no clear answer in " + took
		if result.Err != nil {
			text = result.Err.Error()
		}
		l.fail("broker.reached", text, away, do)
	case order.Accepted, order.Filled, order.Rejected, order.Cancelled:
		l.fail("broker.reached", "tells of an order that was never sent: "+result.Answer.String(),
			"its look-ups cannot be believed", "look at what answers at broker.url")
	default:
		l.fail("broker.reached", result.Answer.String(), "an answer without a meaning", do)
	}
	return l
}

// classMeans says what the class costs.
func classMeans(c order.Class) string {
	switch c {
	case order.ClassA:
		return "ids are refused for ever and found: a doubt clears itself up"
	case order.ClassB:
		return "late requests are refused: after the bound, absence is proof"
	case order.ClassC:
		return "an order that is not found may exist: such a doubt is for a person"
	case order.ClassD:
		return "it cannot be asked: every doubt is for a person"
	default:
		return "unknown"
	}
}

// reach opens one connection.
func reach(ctx context.Context, address string) error {
	where, err := url.Parse(address)
	if err != nil {
		return err
	}
	port := where.Port()
	if port == "" {
		port = where.Scheme // https and http are names of ports
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(where.Hostname(), port))
	if err != nil {
		return err
	}
	return conn.Close()
}
