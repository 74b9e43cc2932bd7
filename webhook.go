package fencepost

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"fencepost/internal/config"
	"fencepost/internal/doorkeeper"
	"fencepost/internal/httpapi"
	"fencepost/internal/intake"
	"fencepost/internal/intake/origin"
	"fencepost/internal/pgledger"
)

// senderTime bounds the answer to a sender, from the end of its headers.
const senderTime = 5 * time.Second

// strangerTime is for how long one address may have more connections than its
// bound: a burst has been read by then.
const strangerTime = time.Second

// Similar says what becomes of a signal that says the same as another.
type Similar = config.Similar

// senders is who may send webhooks, read from the configuration.
type senders struct {
	sources map[string]intake.Source
	trusted origin.List
	// listed are all addresses that the configuration names.
	listed origin.List
}

// readSenders reads the settings of webhooks.
func readSenders(w *config.Webhook) (senders, error) {
	trusted, err := w.Proxies()
	if err != nil {
		return senders{}, fmt.Errorf("webhook.trusted_proxies: %w", err)
	}
	s := senders{sources: map[string]intake.Source{}, trusted: trusted, listed: trusted}
	for name := range w.Sources {
		source, err := readSender(w, name)
		if err != nil {
			return senders{}, fmt.Errorf("webhook.sources.%s: %w", name, err)
		}
		s.sources[name] = source
		s.listed = append(s.listed[:len(s.listed):len(s.listed)], source.Addresses...)
	}
	return s, nil
}

// readSender reads one source.
func readSender(w *config.Webhook, name string) (intake.Source, error) {
	source := w.Sources[name]
	secrets, secretErr := source.Secrets()
	addresses, addressErr := source.AddressList()
	zone, zoneErr := source.Zone()
	if err := errors.Join(secretErr, addressErr, zoneErr); err != nil {
		return intake.Source{}, err
	}
	similar := w.SimilarOf(&source)
	s := intake.Source{
		Secrets: secrets, SignedWithin: source.SignedWithin(), Addresses: addresses, Zone: zone,
		Screen: pgledger.Screen{
			Similar: time.Duration(similar.Window), RefuseSimilar: similar.Answer == config.SimilarRejected,
			Tolerance: source.AheadWithin(),
		},
		Mapping: &source.Fields,
	}
	for _, token := range source.Tokens {
		s.Tokens = append(s.Tokens, token.Reveal())
	}
	s.Private = append(s.Private, s.Tokens...)
	for _, secret := range source.SigningSecrets {
		s.Private = append(s.Private, secret.Reveal())
	}
	return s, nil
}

// PublicHandler answers what senders ask: webhooks, and the two probes.
func (k *Coordinator) PublicHandler() http.Handler {
	o := intake.Options{
		Sources: k.senders.sources, Trusted: k.senders.trusted, Inbox: k.ledger, Node: k.driver,
		Known: doorkeeper.Known, See: k.sink.saw, Stored: k.stored,
	}
	if k.seams != nil {
		o.Seams = k.seams
	}
	return httpapi.Public(k, intake.New(o))
}

// doorkeeper bounds the connections of senders.
func (k *Coordinator) doorkeeper(public net.Listener) *doorkeeper.Listener {
	return doorkeeper.New(public, doorkeeper.Options{
		Most: k.config.Webhook.MaxConnections, MostPerAddress: k.config.Webhook.MaxConnectionsPerAddress,
		Grace: strangerTime, SentAway: k.observer.SentAway,
		Listed: func(a netip.Addr) bool { return k.senders.listed.Holds(a) },
	})
}

// publicServer serves senders.
func (k *Coordinator) publicServer(door *doorkeeper.Listener, handler http.Handler) *http.Server {
	server := k.server(handler)
	server.WriteTimeout = senderTime
	server.ConnContext, server.ConnState = door.ConnContext, door.ConnState
	return server
}
