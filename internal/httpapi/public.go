package httpapi

import "net/http"

// Public returns the handler that senders reach. What is no webhook and no probe
// goes to the webhook handler too, which refuses it as it refuses everything
// else, and is told of it.
func Public(service Service, webhook http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/webhook/{token}", webhook)
	mux.Handle("/", webhook)
	probes(mux, service)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The mux answers this by itself, and nobody would be told.
		if r.RequestURI == "*" {
			webhook.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// probes are what a load balancer and a supervisor ask for.
func probes(mux *http.ServeMux, service Service) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		live, code := service.Live(), http.StatusOK
		if !live {
			code = http.StatusServiceUnavailable
		}
		answer(w, code, map[string]any{"live": live})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		s := service.Status()
		if s.Ready {
			said := map[string]any{"ready": true}
			if len(s.Degraded) > 0 {
				said["degraded"] = s.Degraded
			}
			answer(w, http.StatusOK, said)
			return
		}
		answer(w, http.StatusServiceUnavailable, map[string]any{"ready": false, "missing": s.NotReady})
	})
}
