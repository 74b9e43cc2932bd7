package fencepost

import (
	"fmt"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/alpaca"
	"fencepost/internal/broker/templated"
	"fencepost/internal/clock"
	"fencepost/internal/config"
)

// BrokerPromise is what a Broker states about itself. A coordinator is not made
// for a configured class that the promise does not keep.
type BrokerPromise = broker.Promise

// ownAdapter is a broker whose connections are the coordinator's.
type ownAdapter interface {
	Broker
	Close()
}

// openBroker makes the configured adapter, which opens no connection yet. Its
// errors name the settings that cannot work.
func openBroker(b *config.Broker, now clock.Clock) (ownAdapter, error) {
	var adapter ownAdapter
	var err error
	switch b.Adapter {
	case config.AdapterAlpaca:
		settings := b.AlpacaConfig()
		settings.Clock = now
		adapter, err = alpaca.New(settings)
	case config.AdapterTemplate:
		settings := b.TemplatedConfig()
		settings.Clock = now
		adapter, err = templated.New(settings)
	case config.AdapterPaper:
		adapter, err = broker.NewHTTP(broker.HTTPConfig{
			URL: b.URL, Promise: b.Promise(), Clock: now, Secret: []byte(b.Secret.Reveal()),
		})
	default:
		err = fmt.Errorf("broker.adapter %q: unknown", b.Adapter)
	}
	if err != nil {
		return nil, err
	}
	return adapter, nil
}

// checkPromise holds the configured class against what the adapter can keep.
func checkPromise(adapter Broker, configured order.Capability) error {
	promise := adapter.Promise()
	if err := promise.Check(configured); err != nil {
		return fmt.Errorf("broker.class: %w", err)
	}
	return nil
}
