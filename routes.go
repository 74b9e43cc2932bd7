package fencepost

import (
	"encoding/json"
	"net/http"

	"fencepost/internal/observe"
)

// PublicHandler answers what senders ask, by group.
func (g *Groups) PublicHandler() http.Handler { return byGroup(g.list, (*Coordinator).PublicHandler) }

// AdminHandler answers what operators and machines inside ask, by group. A scrape
// of /metrics has the numbers of all.
func (g *Groups) AdminHandler() http.Handler {
	mux := byGroup(g.list, (*Coordinator).admin)
	if len(g.list) > 1 {
		var all []*observe.Observer
		for _, k := range g.list {
			all = append(all, k.observer)
		}
		mux.Handle("GET /metrics", observe.Handler(all...))
	}
	return mux
}

// byGroup serves the instances below /groups/NAME, and the first without it as well.
// The probes without it are about the process.
func byGroup(list []*Coordinator, handler func(*Coordinator) http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	for i, k := range list {
		h, prefix := handler(k), "/groups/"+k.config.Group
		mux.Handle(prefix+"/", http.StripPrefix(prefix, h))
		if i == 0 {
			mux.Handle("/", h)
		}
	}
	if len(list) > 1 {
		mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answerLive(w, list) })
		mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answerReady(w, list) })
	}
	return mux
}

// answerLive tells whether the nodes of all groups are driven, and which are not.
func answerLive(w http.ResponseWriter, list []*Coordinator) {
	still := []string{}
	for _, k := range list {
		if !k.Live() {
			still = append(still, k.config.Group)
		}
	}
	probed(w, len(still) == 0, map[string]any{"live": len(still) == 0, "standing_still": still})
}

// answerReady tells whether the process can take signals in, for one group at
// least, and what each group lacks. One that lacks something keeps no signal of
// another out.
func answerReady(w http.ResponseWriter, list []*Coordinator) {
	missing, ready, stopping := map[string][]string{}, false, false
	for _, k := range list {
		lacks := k.missing()
		if len(lacks) > 0 {
			missing[k.config.Group] = lacks
		}
		ready, stopping = ready || len(lacks) == 0, stopping || k.stopping.Load()
	}
	ready = ready && !stopping
	probed(w, ready, map[string]any{"ready": ready, "missing": missing})
}

// probed answers a probe.
func probed(w http.ResponseWriter, holds bool, said map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !holds {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// Whoever asked may have left.
	_ = json.NewEncoder(w).Encode(said)
}
