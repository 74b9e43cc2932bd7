package httpapi

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"fencepost/internal/clock"
	"fencepost/internal/seam"
)

// The limits of one request.
const (
	readTimeout    = 2 * time.Second
	stepDownLimit  = 15 * time.Second
	defaultHistory = 20
	mostHistory    = 1000
)

// AdminOptions is what the admin handler needs.
type AdminOptions struct {
	// Token must be presented by commands; without it there are none.
	Token string
	// Metrics answers scrapes.
	Metrics http.Handler
	// Seams and Clock open the commands of a test; nil leaves them out.
	Seams *seam.Switch
	Clock *clock.Shifted
	// Reconcile compares the broker's book with the ledger; nil leaves it out.
	Reconcile Reconciler
	// Page answers / and what is below /page/; nil leaves it out.
	Page http.Handler
}

type admin struct {
	service Service
	token   [sha256.Size]byte
	open    bool
}

// Admin returns the handler for operators and machines inside.
func Admin(service Service, o AdminOptions) http.Handler {
	a := &admin{service: service, token: sha256.Sum256([]byte(o.Token)), open: o.Token != ""}
	mux := http.NewServeMux()
	probes(mux, service)
	mux.HandleFunc("GET /leader", a.leads)
	mux.Handle("GET /metrics", o.Metrics)
	mux.HandleFunc("GET /coordinator/metrics", a.metrics)
	mux.HandleFunc("GET /coordinator/leader", a.leader)
	mux.HandleFunc("GET /v1/status", a.status)
	mux.HandleFunc("GET /v1/instances", a.instances)
	mux.HandleFunc("GET /v1/leadership-history", a.history)
	mux.HandleFunc("GET /v1/authority", a.authority)
	mux.HandleFunc("POST /v1/authority/accept", a.command(a.accept))
	mux.HandleFunc("POST /v1/leader/step-down", a.command(a.stepDown))
	a.operatorRoutes(mux)
	if o.Reconcile != nil {
		a.reconciles(mux, o.Reconcile)
	}
	if o.Seams != nil && o.Clock != nil {
		a.testCommands(mux, o.Seams, o.Clock)
	}
	if o.Page != nil {
		mux.Handle("GET /{$}", o.Page)
		mux.Handle("GET /page/", o.Page)
	}
	return sameSite(mux)
}

// sameSite refuses what a page of another site lets a browser ask for. A command
// needs the token as well; a program that is no browser is not concerned.
func sameSite(next http.Handler) http.Handler {
	guard := http.NewCrossOriginProtection()
	guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusForbidden, "a browser asks for this on behalf of another site")
	}))
	return guard.Handler(next)
}

// command lets a request through that presents the token.
func (a *admin) command(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !a.open {
			problem(w, http.StatusForbidden, "commands need an admin_token in the configuration")
			return
		}
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		sum := sha256.Sum256([]byte(token))
		if !bearer || subtle.ConstantTimeCompare(sum[:], a.token[:]) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="fencepost"`)
			problem(w, http.StatusUnauthorized, "the bearer token is missing or wrong")
			return
		}
		do(w, r)
	}
}

// leads is for a load balancer that wants the leader.
func (a *admin) leads(w http.ResponseWriter, _ *http.Request) {
	s := a.service.Status()
	code := http.StatusOK
	if !s.IsLeader {
		code = http.StatusServiceUnavailable
	}
	answer(w, code, map[string]any{"leader": s.IsLeader, "instance_id": s.InstanceID, "epoch": s.Epoch})
}

func (a *admin) metrics(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, a.service.Metrics())
}

func (a *admin) leader(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	found := a.service.Leader(ctx)
	code := http.StatusOK
	if len(found.Errors) > 0 && found.RedisLeader == nil && found.DBLeader == nil {
		code = http.StatusServiceUnavailable
	}
	answer(w, code, found)
}

func (a *admin) status(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, a.service.Status())
}

func (a *admin) instances(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	if !r.URL.Query().Has("stale") {
		list, err := a.service.Instances(ctx)
		read(w, list, err)
		return
	}
	timeout, err := time.ParseDuration(r.URL.Query().Get("stale"))
	if err != nil || timeout < 0 {
		problem(w, http.StatusBadRequest, "stale: must be a time span with its unit, like 30s")
		return
	}
	list, err := a.service.StaleInstances(ctx, timeout)
	read(w, list, err)
}

func (a *admin) history(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	if r.URL.Query().Has("from") || r.URL.Query().Has("to") {
		a.led(ctx, w, r)
		return
	}
	limit := defaultHistory
	if text := r.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > mostHistory {
			problem(w, http.StatusBadRequest, fmt.Sprintf("limit: a number from 1 to %d", mostHistory))
			return
		}
		limit = n
	}
	list, err := a.service.History(ctx, limit)
	read(w, list, err)
}

func (a *admin) stepDown(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), stepDownLimit)
	defer cancel()
	epoch := a.service.Status().Epoch
	switch err := a.service.Resign(ctx); {
	case errors.Is(err, ErrNotLeader):
		problem(w, http.StatusConflict, "this instance does not lead; GET /coordinator/leader says who does")
	case err != nil:
		problem(w, http.StatusGatewayTimeout, err.Error())
	default:
		answer(w, http.StatusOK, map[string]any{"status": "stepped_down", "epoch": epoch})
	}
}

// maxCommand is the most bytes of a command.
const maxCommand = 4 << 10

// decode reads a command, or answers what is wrong with it.
func decode(w http.ResponseWriter, r *http.Request, into any) bool {
	reader := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxCommand))
	reader.DisallowUnknownFields()
	if err := reader.Decode(into); err != nil {
		problem(w, http.StatusBadRequest, err.Error())
		return false
	}
	return true
}

// read answers with a list, or says that the store did not.
func read[T any](w http.ResponseWriter, list []T, err error) {
	if err != nil {
		problem(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	if list == nil {
		list = []T{}
	}
	answer(w, http.StatusOK, list)
}

func answer(w http.ResponseWriter, status int, document any) {
	write(w, status, "application/json", document)
}

// problem answers with an error (RFC 9457).
func problem(w http.ResponseWriter, status int, detail string) {
	write(w, status, "application/problem+json", map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": detail,
	})
}

func write(w http.ResponseWriter, status int, contentType string, document any) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// Whoever asked may have left; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(document)
}
