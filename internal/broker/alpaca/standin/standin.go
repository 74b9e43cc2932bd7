package standin

import (
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Config is what makes one account.
type Config struct {
	// KeyID and SecretKey must stand in every request's header.
	KeyID, SecretKey string
	// Symbols can be ordered.
	Symbols []string
	// BuyingPower is how many units can be bought.
	BuyingPower int64
	// Status is what a new order has; accepted if it is empty.
	Status string
	// Now is the account's clock; the machine's if it is nil.
	Now func() time.Time
}

// Order is an order object. Quantities are decimal numbers in quotes, as
// everywhere in this interface.
type Order struct {
	ID            string  `json:"id"`
	ClientOrderID string  `json:"client_order_id"`
	CreatedAt     string  `json:"created_at"`
	SubmittedAt   string  `json:"submitted_at"`
	Symbol        string  `json:"symbol"`
	Qty           string  `json:"qty"`
	FilledQty     string  `json:"filled_qty"`
	Side          string  `json:"side"`
	Type          string  `json:"type"`
	TimeInForce   string  `json:"time_in_force"`
	LimitPrice    *string `json:"limit_price"`
	Status        string  `json:"status"`
	ReplacedBy    *string `json:"replaced_by"`
}

// Server is the account and its HTTP side. It is an http.Handler.
type Server struct {
	config Config
	mux    *http.ServeMux

	mu     sync.Mutex
	orders []*Order
	power  *big.Rat
}

// New returns an account without orders.
func New(config Config) *Server {
	if config.Status == "" {
		config.Status = "accepted"
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	s := &Server{config: config, mux: http.NewServeMux(), power: new(big.Rat).SetInt64(config.BuyingPower)}
	s.mux.HandleFunc("POST /v2/orders", s.postOrder)
	s.mux.HandleFunc("GET /v2/orders", s.listOrders)
	s.mux.HandleFunc("GET /v2/orders:by_client_order_id", s.findOrder)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("APCA-API-KEY-ID") != s.config.KeyID ||
		r.Header.Get("APCA-API-SECRET-KEY") != s.config.SecretKey {
		answer(w, http.StatusUnauthorized, map[string]string{"message": "unauthorized."})
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Orders returns a copy of every order, in the order of placing.
func (s *Server) Orders() []Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Order, 0, len(s.orders))
	for _, o := range s.orders {
		all = append(all, *o)
	}
	return all
}

// Move gives an order another status and filled quantity.
func (s *Server) Move(clientOrderID, status, filled string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := s.find(clientOrderID); o != nil {
		o.Status, o.FilledQty = status, filled
	}
}

// placement is what POST /v2/orders takes.
type placement struct {
	Symbol        string `json:"symbol"`
	Qty           string `json:"qty"`
	Side          string `json:"side"`
	Type          string `json:"type"`
	TimeInForce   string `json:"time_in_force"`
	LimitPrice    string `json:"limit_price"`
	ClientOrderID string `json:"client_order_id"`
}

// refusal is a status and the body that goes with it.
type refusal struct {
	status  int
	code    int
	message string
}

func (s *Server) postOrder(w http.ResponseWriter, r *http.Request) {
	var p placement
	body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(body, &p)
	}
	if err != nil {
		refuse(w, &refusal{http.StatusUnprocessableEntity, 40010000, "request body format is invalid"})
		return
	}
	placed, no := s.place(&p)
	if no != nil {
		refuse(w, no)
		return
	}
	answer(w, http.StatusOK, placed)
}

// place judges the order and keeps it.
func (s *Server) place(p *placement) (Order, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	quantity, no := s.judge(p)
	if no != nil {
		return Order{}, no
	}
	if p.Side == "buy" {
		if quantity.Cmp(s.power) > 0 {
			return Order{}, &refusal{http.StatusForbidden, 40310000, "insufficient buying power"}
		}
		s.power.Sub(s.power, quantity)
	}
	n := len(s.orders) + 1
	at := s.config.Now().UTC().Format(time.RFC3339Nano)
	o := &Order{
		ID:            fmt.Sprintf("61e69015-8549-4bfd-b9c3-%012d", n),
		ClientOrderID: p.ClientOrderID, CreatedAt: at, SubmittedAt: at,
		Symbol: p.Symbol, Qty: p.Qty, FilledQty: "0", Side: p.Side, Type: p.Type,
		TimeInForce: p.TimeInForce, Status: s.config.Status,
	}
	if o.ClientOrderID == "" {
		o.ClientOrderID = "generated-" + strconv.Itoa(n)
	}
	if p.LimitPrice != "" {
		o.LimitPrice = &p.LimitPrice
	}
	if o.Status == "filled" {
		o.FilledQty = o.Qty
	}
	s.orders = append(s.orders, o)
	return *o, nil
}

// judge refuses what the interface does not take. The caller holds the lock.
func (s *Server) judge(p *placement) (*big.Rat, *refusal) {
	fields := func(message string) *refusal {
		return &refusal{http.StatusUnprocessableEntity, 40010001, message}
	}
	quantity, ok := new(big.Rat).SetString(p.Qty)
	switch {
	case len(p.ClientOrderID) > 128:
		return nil, fields("client_order_id must be no more than 128 characters")
	case s.find(p.ClientOrderID) != nil:
		return nil, fields("client_order_id must be unique")
	case !slices.Contains(s.config.Symbols, p.Symbol):
		return nil, &refusal{
			http.StatusUnprocessableEntity, 42210000, fmt.Sprintf("asset %q not found", p.Symbol),
		}
	case !ok || quantity.Sign() <= 0:
		return nil, fields("qty must be > 0")
	case p.Side != "buy" && p.Side != "sell":
		return nil, fields("side must be buy or sell")
	case p.Type != "market" && p.Type != "limit":
		return nil, fields("invalid order type")
	case p.Type == "limit" && p.LimitPrice == "":
		return nil, fields("limit orders require a limit price")
	case !slices.Contains([]string{"day", "gtc", "opg", "cls", "ioc", "fok"}, p.TimeInForce):
		return nil, fields("invalid time_in_force")
	default:
		return quantity, nil
	}
}

// find returns the order with that client order id, or nil. The caller holds the
// lock.
func (s *Server) find(clientOrderID string) *Order {
	for _, o := range s.orders {
		if o.ClientOrderID == clientOrderID {
			return o
		}
	}
	return nil
}

func (s *Server) findOrder(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o := s.find(r.URL.Query().Get("client_order_id"))
	var found Order
	if o != nil {
		found = *o
	}
	s.mu.Unlock()
	if o == nil {
		refuse(w, &refusal{http.StatusNotFound, 40410000, "order not found"})
		return
	}
	answer(w, http.StatusOK, found)
}

// open are the statuses of an order that may still be executed.
const open = "new accepted pending_new accepted_for_bidding partially_filled held stopped suspended " +
	"pending_cancel pending_replace"

// listOrders answers GET /v2/orders: the newest first unless the direction is asc,
// and what was submitted after an instant alone.
func (s *Server) listOrders(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	most, err := strconv.Atoi(query.Get("limit"))
	if err != nil {
		most = 50
	}
	after, err := time.Parse(time.RFC3339Nano, query.Get("after"))
	if query.Has("after") && err != nil {
		refuse(w, &refusal{http.StatusUnprocessableEntity, 42210000, "invalid after"})
		return
	}
	list := []Order{}
	for _, o := range s.Orders() {
		if query.Get("status") != "all" && !slices.Contains(strings.Fields(open), o.Status) {
			continue
		}
		// What does not parse was not written here.
		if at, _ := time.Parse(time.RFC3339Nano, o.SubmittedAt); at.After(after) {
			list = append(list, o)
		}
	}
	if query.Get("direction") != "asc" {
		slices.Reverse(list)
	}
	answer(w, http.StatusOK, list[:min(len(list), most, 500)])
}

func refuse(w http.ResponseWriter, no *refusal) {
	answer(w, no.status, map[string]any{"code": no.code, "message": no.message})
}

func answer(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A failed write is the client's lost reply; the order stands.
	_ = json.NewEncoder(w).Encode(document)
}
