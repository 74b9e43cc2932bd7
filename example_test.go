package fencepost_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"fencepost"
	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/testbed/postgres"
	"fencepost/internal/testbed/redis"
	"fencepost/migrations"
)

// ownDesk is a broker that an embedding program brings. This one takes every
// order and says so.
type ownDesk struct{ orders chan fencepost.Order }

// Promise states nothing but that a refusal is one: the group works by class D.
func (ownDesk) Promise() fencepost.BrokerPromise {
	return fencepost.BrokerPromise{Capability: order.Capability{DefinitiveReject: true}}
}

func (d ownDesk) Submit(_ context.Context, o fencepost.Order, notAfter core.Time) fencepost.BrokerResult {
	if fencepost.TimeLeft(notAfter) < 0 {
		return fencepost.BrokerResult{Withheld: true}
	}
	d.orders <- o
	return fencepost.BrokerResult{Answer: order.Filled, OrderID: "own-1"}
}

func (ownDesk) Lookup(context.Context, string) fencepost.BrokerResult {
	return fencepost.BrokerResult{Answer: order.Unknown}
}

// A program that embeds the coordinator brings its own way to the broker and
// takes signals in through the handler, behind whatever server it has.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	redisAddr, dsn, stop := servers(ctx)
	defer stop()

	config := fencepost.DefaultConfig()
	config.InstanceID = "blue-1"
	config.Redis.Addr, config.Postgres.DSN = redisAddr, fencepost.Secret(dsn)
	config.Lease.Profile = "fast"
	config.Webhook.Sources = map[string]fencepost.Source{
		"desk": {Tokens: []fencepost.Secret{"a-path-token-that-is-long"}},
	}
	desk := ownDesk{orders: make(chan fencepost.Order, 1)}
	coordinator, err := fencepost.New(config, fencepost.WithBroker(desk))
	if err != nil {
		fmt.Println(err)
		return
	}
	running, handOver := context.WithCancel(ctx)
	stopped := make(chan error)
	go func() { stopped <- coordinator.Run(running, nil) }()

	body := `{"type":"EXIT","instrument":"BANKNIFTY","position":"Long_1","timestamp":"2025-11-29T09:15:00Z"}`
	webhooks := coordinator.PublicHandler()
	w := httptest.NewRecorder()
	webhooks.ServeHTTP(w, httptest.NewRequestWithContext(ctx,
		http.MethodPost, "/webhook/a-path-token-that-is-long", strings.NewReader(body)))
	fmt.Println(w.Code)
	order := <-desk.orders
	fmt.Println(order.Action, order.Instrument, "under epoch", coordinator.Status().Epoch)

	handOver()
	fmt.Println("stopped:", <-stopped)
	// Output:
	// 202
	// EXIT BANKNIFTY under epoch 1
	// stopped: <nil>
}

// A program that only leads needs no broker. What it writes under a tenure is
// kept out once another instance leads.
func ExampleCoordinator_Run() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	redisAddr, dsn, stop := servers(ctx)
	defer stop()

	config := fencepost.DefaultConfig()
	config.InstanceID = "blue-1"
	config.Redis.Addr, config.Postgres.DSN = redisAddr, fencepost.Secret(dsn)
	coordinator, err := fencepost.New(config, fencepost.WithoutBroker())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, done := context.WithCancel(ctx)
	err = coordinator.Run(ctx, func(ctx context.Context, t *fencepost.Tenure) error {
		fmt.Println("leads under epoch", t.Epoch(), "valid:", t.Valid())
		err := t.Tx(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, "CREATE TABLE reports AS SELECT 'written once' AS text")
			return err
		})
		fmt.Println("wrote:", err)
		done()
		<-ctx.Done()
		fmt.Println("hands over, valid:", t.Valid())
		return nil
	})
	fmt.Println("stopped:", err)
	// Output:
	// leads under epoch 1 valid: true
	// wrote: <nil>
	// hands over, valid: false
	// stopped: <nil>
}

// servers starts a Redis and a PostgreSQL with the ledger's tables.
func servers(ctx context.Context) (redisAddr, dsn string, stop func()) {
	cache, err := redis.Start(ctx, redis.Options{})
	if err != nil {
		panic(err)
	}
	database, err := postgres.Start(ctx, postgres.Options{})
	if err != nil {
		panic(err)
	}
	dsn = database.DSN("postgres")
	if _, err := migrations.Up(ctx, dsn); err != nil {
		panic(err)
	}
	return cache.Addr(), dsn, func() {
		_ = cache.Stop()
		_ = database.Stop(ctx)
	}
}
