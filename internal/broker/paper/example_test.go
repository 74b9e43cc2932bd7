package paper_test

import (
	"context"
	"fmt"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/paper"
	"fencepost/internal/clock"
)

// A program that has a broker on paper in its own process needs no address, and
// the broker misbehaves there as it does over a network.
func ExampleNewLocal() {
	desk := paper.NewServer(paper.Config{Class: order.ClassA})
	defer desk.Close()
	adapter, err := paper.NewLocal(desk, broker.HTTPConfig{
		Promise: order.ClassA.Capability(), Clock: clock.System{},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer adapter.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	o := broker.Order{
		ClientOrderID: "AAAABBBBCCCCDDDDEEEE", Instrument: "BANKNIFTY", Action: "EXIT",
		Position: "Long_1", Lots: "2",
	}
	if err := desk.Conduct.Begin(paper.Behaviour{Act: paper.LostReply, Count: 1}); err != nil {
		fmt.Println(err)
		return
	}
	permit := clock.System{}.Now().Boot.Add(5 * time.Second)
	fmt.Println("submitted:", adapter.Submit(ctx, o, permit).Answer)
	found := adapter.Lookup(ctx, o.ClientOrderID)
	fmt.Println("looked up:", found.Answer, found.OrderID)
	fmt.Println("sent again:", adapter.Submit(ctx, o, permit).Answer)
	fmt.Println("orders:", len(desk.Book.Orders()))
	// Output:
	// submitted: unknown
	// looked up: filled P1
	// sent again: filled
	// orders: 1
}
