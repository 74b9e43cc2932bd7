package broker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"fencepost/core/order"
)

// Placed is an order as the broker's book has it, whoever placed it.
type Placed struct {
	// ClientOrderID is the sender's name for it, which need not be one of ours, and
	// may be empty.
	ClientOrderID string
	// OrderID is the broker's own.
	OrderID string
	// Ticket is what is ordered, by the broker's words; a field that the book does
	// not tell is empty.
	Ticket Ticket
	// Answer is how it stands; Unknown if that cannot be told.
	Answer order.Answer
}

// Book is what a broker tells of the orders that were placed.
type Book struct {
	Orders []Placed
	// Whole says that every order since the instant asked for is in it. Only then
	// does it mean something that an order is not.
	Whole bool
}

// Historian is an Adapter that can tell of the orders that were placed, its own and
// others', open or ended.
type Historian interface {
	Adapter
	// Placed lists the orders that were placed at or after that instant by the
	// broker's clock; older ones may be among them. The error says that something
	// may be missing, and is ErrNoBook where the broker cannot be asked at all.
	Placed(ctx context.Context, since time.Time) (Book, error)
	// Expected returns what the book says of that order if it was placed as it is.
	Expected(o Order) (Ticket, error)
}

// ErrNoBook says that a broker's orders cannot be listed.
var ErrNoBook = errors.New("this broker cannot list its orders")

// MostPlaced is how many orders one book may have: more are not compared in one
// go.
const MostPlaced = 100_000

// ErrLongBook says that a book has more orders than are read.
var ErrLongBook = fmt.Errorf("the book has more than %d orders since that instant", MostPlaced)
