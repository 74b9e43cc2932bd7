package fencepost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"fencepost/internal/httpapi"
	"fencepost/internal/observe"
	"fencepost/internal/refusal"
)

// The time limits of a connection. The limits of a webhook are tighter and are
// intake's own.
const (
	headerTime = 2 * time.Second
	readTime   = 5 * time.Second
	writeTime  = 30 * time.Second
	idleTime   = time.Minute
	maxHeader  = 16 << 10
)

// AdminHandler answers what operators and machines inside ask, also below
// /groups/NAME, with the name of the group.
func (k *Coordinator) AdminHandler() http.Handler {
	return byGroup([]*Coordinator{k}, (*Coordinator).admin)
}

func (k *Coordinator) admin() http.Handler {
	return httpapi.Admin(k, httpapi.AdminOptions{
		Token: k.config.AdminToken.Reveal(), Metrics: observe.Handler(k.observer),
		Seams: k.seams, Clock: k.shifted, Reconcile: k.comparisons(), Page: k.page,
	})
}

// comparisons returns what compares the broker's book with the ledger, nil without a
// broker.
func (k *Coordinator) comparisons() httpapi.Reconciler {
	if k.reconciler == nil {
		return nil
	}
	return reconciling{k}
}

// Serve is Run, and answers HTTP on the configured addresses. It goes on
// answering while it hands over.
func (k *Coordinator) Serve(ctx context.Context) error {
	if k.started.Swap(true) {
		return errRunsOnce
	}
	run := func(ctx context.Context) error { return k.run(ctx, nil) }
	return errors.Join(k.answer(ctx, k.PublicHandler(), k.AdminHandler(), run), k.close())
}

// answer runs, and answers HTTP on this instance's addresses meanwhile.
func (k *Coordinator) answer(
	ctx context.Context, forSenders, forAdmins http.Handler, run func(context.Context) error,
) error {
	var listening net.ListenConfig
	public, err := listening.Listen(ctx, "tcp", k.config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	admin, err := listening.Listen(ctx, "tcp", k.config.AdminListen)
	if err != nil {
		return errors.Join(fmt.Errorf("admin_listen: %w", err), public.Close())
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	broken := make(chan error, 2)
	door := k.doorkeeper(k.attentive("listen", public))
	servers := []*http.Server{k.publicServer(door, forSenders), k.server(forAdmins)}
	for _, one := range k.together {
		servers[1].RegisterOnShutdown(one.page.Close)
	}
	for i, listener := range []net.Listener{door, k.attentive("admin_listen", admin)} {
		go func() {
			if err := servers[i].Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				broken <- fmt.Errorf("serve: %w", err)
				end()
			}
		}()
	}
	k.observer.Log().Info("listening", "event", "service.listening",
		"listen", public.Addr().String(), "admin_listen", admin.Addr().String())

	k.tell(Supervisor.Ready)
	if len(k.config.Webhook.Sources) == 0 {
		k.observer.Log().Warn("no source of webhooks is configured: every webhook is answered with 404",
			"event", "service.without_sources")
	}
	faults := []error{run(ctx)}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
	defer cancel()
	for _, server := range servers {
		faults = append(faults, server.Shutdown(bounded))
	}
	select {
	case err := <-broken:
		faults = append(faults, err)
	default:
	}
	return errors.Join(faults...)
}

// attentive tells of what the HTTP server refuses by itself.
func (k *Coordinator) attentive(name string, l net.Listener) net.Listener {
	return refusal.Listen(l, func(r refusal.Refusal) { k.observer.Refused(name, r) })
}

func (k *Coordinator) server(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime,
		IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(k.observer.Log().Handler(), slog.LevelWarn),
	}
}
