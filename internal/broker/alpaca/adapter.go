package alpaca

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"fencepost/core"
	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/wire"
	"fencepost/internal/clock"
)

// longestID is how long a client_order_id may be.
const longestID = 128

// mostListed is how many orders one list has at most.
const mostListed = 500

// Config says how orders reach one account.
type Config struct {
	// URL is https://paper-api.alpaca.markets for an account on paper, or
	// https://api.alpaca.markets for one with money.
	URL string
	// KeyID and SecretKey are the account's.
	KeyID, SecretKey string
	// OrderType is market or limit; a limit order takes the signal's price.
	OrderType string
	// TimeInForce is one of TimesInForce.
	TimeInForce string
	// Instruments says how a signal's instrument is ordered.
	Instruments broker.Instruments
	// Clock judges notAfter.
	Clock clock.Clock
	// TLS is used for https; nil is the standard library's default.
	TLS *tls.Config
	// Dial opens connections; nil is TCP to the address.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// OrderTypes are the order types that the adapter sends.
func OrderTypes() []string { return []string{"market", "limit"} }

// TimesInForce are for how long an order may stand.
func TimesInForce() []string { return []string{"day", "gtc", "opg", "cls", "ioc", "fok"} }

// Adapter is the broker.Adapter for one account.
type Adapter struct {
	config Config
	line   *broker.Line
	orders string
}

// New returns an adapter. It opens no connection yet. The error names what is
// wrong by its setting.
func New(config Config) (*Adapter, error) {
	line, err := broker.NewLine(broker.LineConfig{
		URL: config.URL, Clock: config.Clock, TLS: config.TLS, Dial: config.Dial,
	})
	if err != nil {
		return nil, err
	}
	a := &Adapter{config: config, line: line, orders: line.Base().JoinPath("v2", "orders").String()}
	return a, errors.Join(
		checkKey("broker.alpaca.key_id", config.KeyID),
		checkKey("broker.alpaca.secret_key", config.SecretKey),
		checkWord("broker.alpaca.order_type", config.OrderType, OrderTypes()),
		checkWord("broker.alpaca.time_in_force", config.TimeInForce, TimesInForce()),
		line.CheckSecrecy("the account's keys"), checkTable(config.Instruments),
	)
}

func checkKey(setting, key string) error {
	if key == "" {
		return fmt.Errorf("%s: not set", setting)
	}
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("%s: has a character that no key has", setting)
	}
	return nil
}

func checkWord(setting, word string, allowed []string) error {
	if !slices.Contains(allowed, word) {
		return fmt.Errorf("%s %q: must be one of %s", setting, word, strings.Join(allowed, ", "))
	}
	return nil
}

func checkTable(table broker.Instruments) error {
	if len(table) == 0 {
		return errors.New("broker.instruments: empty; which symbol is ordered for which instrument")
	}
	if err := table.Check(); err != nil {
		return fmt.Errorf("broker.instruments.%w", err)
	}
	return nil
}

// Promise states class A for the instruments of the table.
func (a *Adapter) Promise() broker.Promise {
	return broker.Promise{
		Capability: order.Capability{
			IDScope: order.ScopeForever, Lookup: order.LookupExact, DefinitiveReject: true,
		},
		LongestID: longestID, Lists: true,
		Actions: broker.Actions(), Instruments: a.config.Instruments.Names(),
	}
}

// Close drops idle connections.
func (a *Adapter) Close() { a.line.Close() }

// request is the body of POST /v2/orders.
type request struct {
	Symbol        string `json:"symbol"`
	Qty           string `json:"qty"`
	Side          string `json:"side"`
	Type          string `json:"type"`
	TimeInForce   string `json:"time_in_force"`
	LimitPrice    string `json:"limit_price,omitempty"`
	ClientOrderID string `json:"client_order_id"`
}

// write makes the order's body. The error says why the order cannot be sent.
func (a *Adapter) write(o broker.Order) ([]byte, error) {
	ticket, err := a.config.Instruments.Express(o)
	if err != nil {
		return nil, err
	}
	body := request{
		Symbol: ticket.Symbol, Qty: ticket.Quantity, Side: string(ticket.Side), Type: a.config.OrderType,
		TimeInForce: a.config.TimeInForce, ClientOrderID: o.ClientOrderID,
	}
	if a.config.OrderType == "limit" {
		if o.Price == "" {
			return nil, errors.New("a limit order needs a price, and the signal has none")
		}
		body.LimitPrice = o.Price.String()
	}
	return json.Marshal(body)
}

// Submit sends the order over a connection of its own.
func (a *Adapter) Submit(ctx context.Context, o broker.Order, notAfter core.Time) broker.Result {
	body, err := a.write(o)
	if err != nil {
		return broker.Refuse("%v", err)
	}
	reply, err := a.line.Send(ctx, notAfter, func(ctx context.Context) (*http.Request, error) {
		return a.request(ctx, http.MethodPost, a.orders, body)
	})
	return broker.Submitted(a.Promise().Capability, o.ClientOrderID, reply, err, submitted)
}

// Lookup asks for the one order.
func (a *Adapter) Lookup(ctx context.Context, clientOrderID string) broker.Result {
	where := a.orders + ":by_client_order_id?" + url.Values{"client_order_id": {clientOrderID}}.Encode()
	reply, err := a.ask(ctx, where, wire.MaxBody)
	return broker.LookedUp(a.Promise().Capability, clientOrderID, reply, err, lookedUp)
}

// Open lists the account's open orders, whoever placed them.
func (a *Adapter) Open(ctx context.Context) ([]broker.Standing, error) {
	where := a.orders + "?" + url.Values{"status": {"open"}, "limit": {strconv.Itoa(mostListed)}}.Encode()
	reply, err := a.ask(ctx, where, wire.MaxBook)
	if err != nil {
		return nil, fmt.Errorf("list open orders: %w", err)
	}
	if reply.Status != http.StatusOK {
		return nil, fmt.Errorf("list open orders: status %d", reply.Status)
	}
	var list []document
	if err := wire.DecodeUpTo(wire.MaxBook, reply.Body, &list); err != nil {
		return nil, fmt.Errorf("list open orders: %w", err)
	}
	if list == nil {
		return nil, errors.New("list open orders: the answer is no list")
	}
	if len(list) >= mostListed {
		return nil, fmt.Errorf("list open orders: %d or more, of which some may be left out", len(list))
	}
	open := make([]broker.Standing, 0, len(list))
	for _, d := range list {
		open = append(open, broker.Standing{ClientOrderID: d.ClientOrderID, OrderID: d.ID, Symbol: d.Symbol})
	}
	return open, nil
}

// ask sends a question and reads at most that much of its answer.
func (a *Adapter) ask(ctx context.Context, where string, most int64) (wire.Reply, error) {
	question, err := a.request(ctx, http.MethodGet, where, nil)
	if err != nil {
		return wire.Reply{}, err
	}
	return a.line.Ask(question, most)
}

func (a *Adapter) request(ctx context.Context, method, where string, body []byte) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, where, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("User-Agent", "fencepost")
	r.Header.Set("APCA-API-KEY-ID", a.config.KeyID)
	r.Header.Set("APCA-API-SECRET-KEY", a.config.SecretKey)
	return r, nil
}
