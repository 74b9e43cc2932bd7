package paper_test

import (
	"testing"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/brokertest"
	"fencepost/internal/broker/paper"
	"fencepost/internal/clock"
)

// book is a paper broker with what the suite asks of it.
type book struct{ *paper.Server }

func (b book) Count(clientOrderID string) int { return len(b.Book.Find(clientOrderID)) }

func TestHTTPAdapterKeepsTheContract(t *testing.T) {
	for _, class := range []order.Class{order.ClassA, order.ClassB, order.ClassC, order.ClassD} {
		t.Run(class.String(), func(t *testing.T) {
			brokertest.Run(t, brokertest.Subject{
				New: func(t *testing.T, url string, now clock.Clock) broker.Adapter {
					t.Helper()
					a, err := broker.NewHTTP(broker.HTTPConfig{
						URL: url, Promise: class.Capability(), Secret: []byte("s"), Clock: now,
					})
					if err != nil {
						t.Fatal(err)
					}
					return a
				},
				Desk: func(t *testing.T) brokertest.Desk {
					t.Helper()
					server := paper.NewServer(paper.Config{
						Class: class, FillAfter: time.Minute, Secret: []byte("s"),
					})
					t.Cleanup(server.Close)
					return book{server}
				},
				Order: ordinary,
			})
		})
	}
}
