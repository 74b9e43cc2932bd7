package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"fencepost/core"
	"fencepost/internal/pgledger"
	"fencepost/internal/story"
)

// defaultSignals is how many signals a list has unless it is said.
const defaultSignals = 100

// operatorRoutes opens what people read and say.
func (a *admin) operatorRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v1/signals", a.signals)
	mux.HandleFunc("GET /v1/signals/{id}", a.signal)
	mux.HandleFunc("GET /v1/signals/{id}/story", a.story)
	mux.HandleFunc("POST /v1/signals/{id}/cancel", a.command(a.cancel))
	mux.HandleFunc("GET /v1/in-doubt", a.inDoubt)
	mux.HandleFunc("POST /v1/in-doubt/{id}/resolve", a.command(a.resolve))
	mux.HandleFunc("GET /v1/control", a.control)
	mux.HandleFunc("POST /v1/control/{verb}", a.command(a.changeControl))
}

// reading answers a question that is asked of the ledger within its time.
func reading[T any](
	w http.ResponseWriter, r *http.Request, ask func(ctx context.Context) (T, error),
) {
	ctx, cancel := context.WithTimeout(r.Context(), readTimeout)
	defer cancel()
	found, err := ask(ctx)
	if err != nil {
		fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, found)
}

func (a *admin) signals(w http.ResponseWriter, r *http.Request) {
	reading(w, r, func(ctx context.Context) ([]pgledger.Signal, error) {
		filter, err := filterOf(r)
		if err != nil {
			return nil, err
		}
		return a.service.Signals(ctx, filter)
	})
}

// filterOf reads which signals are wanted.
func filterOf(r *http.Request) (pgledger.SignalFilter, error) {
	q := r.URL.Query()
	var f pgledger.SignalFilter
	for word := range strings.SplitSeq(q.Get("state"), ",") {
		if word == "" {
			continue
		}
		state, ok := core.ParseSignalState(word)
		if !ok || state == core.Void {
			return f, wrong("state", "%q is no state of a signal", word)
		}
		f.States = append(f.States, state)
	}
	if q.Has("alerted") {
		alerted, err := strconv.ParseBool(q.Get("alerted"))
		if err != nil {
			return f, wrong("alerted", "true or false")
		}
		f.Alerted = alerted
	}
	if text := q.Get("before"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return f, wrong("before", "%q is no signal's number", text)
		}
		f.Before = core.SignalID(id)
	}
	var err error
	f.Limit, err = limitOf(r, defaultSignals)
	return f, err
}

func (a *admin) signal(w http.ResponseWriter, r *http.Request) {
	reading(w, r, func(ctx context.Context) (any, error) {
		id, err := signalOf(r)
		if err != nil {
			return nil, err
		}
		return a.service.Signal(ctx, id)
	})
}

func (a *admin) story(w http.ResponseWriter, r *http.Request) {
	reading(w, r, func(ctx context.Context) (any, error) {
		id, err := signalOf(r)
		if err != nil {
			return nil, err
		}
		return a.service.SignalStory(ctx, id)
	})
}

func (a *admin) cancel(w http.ResponseWriter, r *http.Request) {
	reading(w, r, func(ctx context.Context) (any, error) {
		var said struct {
			By      string `json:"by"`
			Reason  string `json:"reason"`
			Version int64  `json:"version"`
		}
		id, err := signalOf(r)
		if err == nil {
			err = understand(w, r, &said)
		}
		if err == nil {
			err = signed(said.By, said.Reason, "reason")
		}
		if err != nil {
			return nil, err
		}
		return a.service.Cancel(ctx, Cancellation{
			Signal: id, By: said.By, Reason: said.Reason, Version: said.Version,
		})
	})
}

func (a *admin) inDoubt(w http.ResponseWriter, r *http.Request) {
	reading(w, r, func(ctx context.Context) ([]InDoubt, error) {
		limit, err := limitOf(r, defaultSignals)
		if err != nil {
			return nil, err
		}
		return a.service.InDoubt(ctx, limit)
	})
}

// resolve takes a person's word on a signal in doubt. The phrase is the one that
// the command line wants typed: it names the signal and what is said of it.
func (a *admin) resolve(w http.ResponseWriter, r *http.Request) {
	reading(w, r, func(ctx context.Context) (any, error) {
		var said struct {
			As       string `json:"as"`
			Evidence string `json:"evidence"`
			By       string `json:"by"`
			Version  int64  `json:"version"`
			Confirm  string `json:"confirm"`
		}
		id, err := signalOf(r)
		if err == nil {
			err = understand(w, r, &said)
		}
		if err == nil {
			err = signed(said.By, said.Evidence, "evidence")
		}
		if err != nil {
			return nil, err
		}
		as, ok := story.ParseAttestation(said.As)
		switch {
		case !ok:
			return nil, wrong("as", "%v", story.ErrAttestation(said.As))
		case said.Version < 1:
			return nil, wrong("version", "missing: which version of the signal was seen?")
		case said.Confirm != as.Phrase(id):
			return nil, wrong("confirm", "must be %q", as.Phrase(id))
		}
		return a.service.Resolve(ctx, Resolution{
			Signal: id, As: as, Evidence: said.Evidence, By: said.By, Version: said.Version,
		})
	})
}
