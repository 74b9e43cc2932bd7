package paper

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker/wire"
)

// maxOrder is the most bytes of a request's body.
const maxOrder = 64 << 10

// Config is what makes one paper broker.
type Config struct {
	Class order.Class
	// FillAfter is how long an order stays open before it is executed.
	FillAfter time.Duration
	// Secret makes the broker demand a signature on each order; empty does not.
	Secret []byte
	// Seed fixes the draws of answer delays.
	Seed uint64
	// Clock is the broker's clock, by which it keeps its book and lets requests
	// wait; nil is the machine's.
	Clock Clock
}

// Clock is a broker's clock.
type Clock interface {
	// Now is the time of day.
	Now() time.Time
	// Wait lets so much time pass. It returns false if the context ends first.
	Wait(ctx context.Context, d time.Duration) bool
}

// machine is the machine's clock.
type machine struct{}

func (machine) Now() time.Time { return time.Now() }

func (machine) Wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Server is the paper broker's HTTP side. It is an http.Handler.
type Server struct {
	Book    *Book
	Conduct *Conduct

	clock  Clock
	secret []byte
	mux    *http.ServeMux
	// done ends the waits of requests that are never answered.
	done context.Context
	stop context.CancelFunc
}

// NewServer returns a broker with an empty book and good conduct.
func NewServer(config Config) *Server {
	clock := config.Clock
	if clock == nil {
		clock = machine{}
	}
	s := &Server{
		Book:    NewBook(config.Class, config.FillAfter, clock.Now),
		Conduct: NewConduct(config.Seed),
		clock:   clock,
		secret:  config.Secret,
		mux:     http.NewServeMux(),
	}
	s.done, s.stop = context.WithCancel(context.Background())
	s.mux.HandleFunc("POST /orders", s.postOrder)
	s.mux.HandleFunc("GET /orders", s.getOrders)
	s.mux.HandleFunc("POST /behaviour", s.postBehaviour)
	s.mux.HandleFunc("GET /behaviour", s.getBehaviour)
	s.mux.HandleFunc("DELETE /behaviour", s.deleteBehaviour)
	return s
}

// Close ends all waits. Late orders that have not arrived yet never will.
func (s *Server) Close() { s.stop() }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

func (s *Server) postOrder(w http.ResponseWriter, r *http.Request) {
	received := s.clock.Now()
	order, refused, status := s.readOrder(r)
	// A late order is held up before it reaches the broker. What the broker makes
	// of it is decided when it arrives.
	if act, late := s.Conduct.take(Late); late && !s.wait(time.Duration(act.Delay)) {
		cut()
		return
	}
	if _, down := s.Conduct.take(Down); down {
		cut()
		return
	}
	if refused != nil {
		answer(w, status, refused)
		return
	}
	// A request that the class refuses has that answer: one that rejects the order
	// would say of an order that exists that it does not.
	if !s.Book.refuses(order) {
		if act, rejects := s.Conduct.take(Reject); rejects {
			s.reply(w, r, wire.Receipt{}, refusal(order, act.Code, "refused on request"))
			return
		}
	}
	receipt, refused := s.Book.Place(order, received)
	s.reply(w, r, receipt, refused)
}

// readOrder reads and authenticates the request.
func (s *Server) readOrder(r *http.Request) (*wire.Order, *wire.Refusal, int) {
	order := &wire.Order{}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxOrder+1))
	if err != nil || len(body) > maxOrder {
		return nil, refusal(order, wire.CodeInvalidOrder, "body: unreadable or long"), http.StatusBadRequest
	}
	if err := json.Unmarshal(body, order); err != nil {
		return nil, refusal(order, wire.CodeInvalidOrder, "body: "+err.Error()), http.StatusBadRequest
	}
	if len(s.secret) > 0 && !wire.Signed(s.secret, body, r.Header.Get(wire.SignatureHeader)) {
		no := refusal(order, wire.CodeBadSignature, wire.SignatureHeader+": wrong")
		return nil, no, http.StatusUnauthorized
	}
	return order, nil, 0
}

// reply sends the answer as conduct allows: the order stands by now.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, receipt wire.Receipt, refused *wire.Refusal) {
	if !s.wait(s.Conduct.ackDelay()) {
		cut()
		return
	}
	if _, silent := s.Conduct.take(AcceptThenSilence); silent {
		select {
		case <-r.Context().Done():
		case <-s.done.Done():
		}
		cut()
		return
	}
	if _, lost := s.Conduct.take(LostReply); lost {
		cut()
		return
	}
	if act, wrong := s.Conduct.take(WrongStatus); wrong {
		answer(w, act.Status, map[string]string{"message": "something went wrong"})
		return
	}
	status, document := http.StatusCreated, any(receipt)
	if refused != nil {
		status, document = statusOf(refused.Code), refused
	}
	if act, twice := s.Conduct.take(DuplicateAck); twice {
		s.answerTwice(w, status, document, time.Duration(act.Delay))
		return
	}
	answer(w, status, document)
}

// statusOf is the HTTP status of a refusal.
func statusOf(code wire.Code) int {
	switch code {
	case wire.CodeDuplicate:
		return http.StatusConflict
	case wire.CodeInvalidOrder, wire.CodeTooLate, wire.CodeFromTheFuture:
		return http.StatusBadRequest
	default:
		return http.StatusUnprocessableEntity
	}
}

// answerTwice writes the same answer a second time on the same connection. A
// client that reads more than it asked for takes it for the answer to its next
// request.
func (s *Server) answerTwice(w http.ResponseWriter, status int, document any, delay time.Duration) {
	body, err := json.Marshal(document)
	if err != nil {
		cut()
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		cut()
		return
	}
	defer conn.Close()
	text := fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		status, http.StatusText(status), len(body), body)
	if _, err := io.WriteString(conn, text); err != nil || !s.wait(delay) {
		return
	}
	// Whether anybody still listens is the client's affair.
	_, _ = io.WriteString(conn, text)
}

func (s *Server) getOrders(w http.ResponseWriter, r *http.Request) {
	if _, down := s.Conduct.take(Down); down {
		cut()
		return
	}
	query := r.URL.Query()
	if query.Get("status") == "open" {
		answer(w, http.StatusOK, wire.Book{Orders: s.Book.Open()})
		return
	}
	if query.Has("since") {
		s.getPage(w, query)
		return
	}
	if !query.Has("client_order_id") {
		answer(w, http.StatusOK, wire.Book{Orders: s.Book.Orders()})
		return
	}
	id := query.Get("client_order_id")
	if s.Book.promise.Lookup == order.LookupNone {
		answer(w, http.StatusNotImplemented, refusal(&wire.Order{ClientOrderID: id}, wire.CodeNoLookup,
			"a broker of class D cannot be asked for one order"))
		return
	}
	answer(w, http.StatusOK, wire.Book{Orders: s.Book.Find(id)})
}

// mostOfPage is how many orders a page has at most.
const mostOfPage = 5000

// getPage answers with a part of the book.
func (s *Server) getPage(w http.ResponseWriter, query url.Values) {
	since, err := time.Parse(time.RFC3339Nano, query.Get("since"))
	most := mostOfPage
	if err == nil && query.Has("limit") {
		most, err = strconv.Atoi(query.Get("limit"))
	}
	if err != nil || most < 1 {
		answer(w, http.StatusBadRequest, map[string]string{"error": "since: RFC 3339; limit: a number"})
		return
	}
	page, more := s.Book.Page(since, query.Get("after"), min(most, mostOfPage))
	answer(w, http.StatusOK, wire.Book{Orders: page, Truncated: more})
}

// wait returns false if the broker closes first. It goes on when the client
// has left: an order that is under way arrives without its sender.
func (s *Server) wait(d time.Duration) bool {
	if d <= 0 {
		return s.done.Err() == nil
	}
	return s.clock.Wait(s.done, d)
}

// cut closes the connection without a word.
func cut() { panic(http.ErrAbortHandler) }

func answer(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A failed write is the client's lost reply; the book stands.
	_ = json.NewEncoder(w).Encode(document)
}

func (s *Server) postBehaviour(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Behaviour
		// Ack sets the delay of answers instead of beginning an act.
		Ack *struct {
			Min Duration `json:"min"`
			Max Duration `json:"max"`
		} `json:"ack"`
	}
	reader := json.NewDecoder(io.LimitReader(r.Body, maxOrder))
	reader.DisallowUnknownFields()
	err := reader.Decode(&request)
	switch {
	case err != nil:
	case request.Ack != nil && request.Act != "":
		err = errors.New("act and ack: one at a time")
	case request.Ack != nil:
		err = s.Conduct.Ack(time.Duration(request.Ack.Min), time.Duration(request.Ack.Max))
	default:
		err = s.Conduct.Begin(request.Behaviour)
	}
	if err != nil {
		answer(w, http.StatusBadRequest, map[string]string{"error": err.Error()})
		return
	}
	s.getBehaviour(w, r)
}

func (s *Server) getBehaviour(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"active": s.Conduct.Active()})
}

func (s *Server) deleteBehaviour(w http.ResponseWriter, r *http.Request) {
	if act := r.URL.Query().Get("act"); act != "" {
		s.Conduct.End(Act(act))
	} else {
		s.Conduct.Clear()
	}
	s.getBehaviour(w, r)
}
