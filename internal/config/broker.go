package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"

	"fencepost/core/order"
	"fencepost/internal/broker"
	"fencepost/internal/broker/alpaca"
	"fencepost/internal/broker/templated"
)

// Broker says where orders go and what that broker promises.
type Broker struct {
	// Adapter is paper, template or alpaca: the language that the broker speaks.
	Adapter Adapter `yaml:"adapter"`
	// URL is the broker's base address.
	URL string `yaml:"url"`
	// Class is A, B, C or D. Unless it is set it is what the adapter promises: A for
	// alpaca; D, which promises nothing, for the others, whose adapters know what
	// is said and not what is kept. A class that the adapter cannot keep is
	// refused.
	Class Class `yaml:"class"`
	// LateArrivalBound is for how long a broker of class B may accept a request
	// after its dispatch; five seconds unless it is set.
	LateArrivalBound Duration `yaml:"late_arrival_bound"`
	// Timeout bounds one call; half a ttl unless it is set.
	Timeout Duration `yaml:"timeout"`
	// Secret signs orders for the paper adapter; they are unsigned without it.
	Secret     Secret `yaml:"secret"`
	SecretFile string `yaml:"secret_file"`
	// Instruments says how a signal's instrument is ordered: for alpaca, and for a
	// template that speaks of symbol, side or quantity.
	Instruments broker.Instruments `yaml:"instruments"`
	// Secrets are known to templates by their names; SecretFiles are where they
	// stand.
	Secrets     map[string]Secret `yaml:"secrets"`
	SecretFiles map[string]string `yaml:"secret_files"`
	// Template describes the language of the template adapter.
	Template templated.Settings `yaml:"template"`
	Alpaca   Alpaca             `yaml:"alpaca"`
}

// Alpaca holds what the alpaca adapter needs of an account.
type Alpaca struct {
	KeyID         Secret `yaml:"key_id"`
	KeyIDFile     string `yaml:"key_id_file"`
	SecretKey     Secret `yaml:"secret_key"`
	SecretKeyFile string `yaml:"secret_key_file"`
	// OrderType is market, or limit at the signal's price.
	OrderType string `yaml:"order_type"`
	// TimeInForce is for how long an order may stand, like day or gtc.
	TimeInForce string `yaml:"time_in_force"`
}

// defaultBroker returns the settings of a broker that hold unless they are set.
func defaultBroker() Broker {
	return Broker{Adapter: AdapterPaper, Alpaca: Alpaca{OrderType: "market", TimeInForce: "day"}}
}

// class is the configured class, or the adapter's.
func (b *Broker) class() order.Class {
	if b.Class == "" && b.Adapter == AdapterAlpaca {
		return order.ClassA
	}
	return b.Class.core()
}

// Promise returns what a broker of the configured class promises.
func (b *Broker) Promise() order.Capability {
	promise := b.class().Capability()
	if promise.LateArrivalBound > 0 && b.LateArrivalBound > 0 {
		promise.LateArrivalBound = time.Duration(b.LateArrivalBound)
	}
	return promise
}

// CheckBroker judges the broker's address and what belongs to another adapter,
// which whoever brings a broker of their own does not need. What an adapter
// needs it judges itself.
func (c *Config) CheckBroker() error {
	where, err := url.Parse(c.Broker.URL)
	switch {
	case err != nil:
		// The library's error would print a password that stands in the address.
		return errors.New("broker.url: not an address; must be http://HOST or https://HOST")
	case where.User != nil:
		return errors.New("broker.url: holds a password or a user name, and addresses are logged; " +
			"orders are signed by broker.secret")
	case (where.Scheme != "http" && where.Scheme != "https") || where.Host == "":
		return fmt.Errorf("broker.url %q: must be http://HOST or https://HOST", c.Broker.URL)
	default:
		return c.Broker.checkAdapter()
	}
}

// readers says which adapters read a setting or all that stand below it; every
// adapter reads the others.
var readers = []struct {
	name     string
	adapters []Adapter
}{
	{"broker.secret", []Adapter{AdapterPaper}},
	{"broker.secret_file", []Adapter{AdapterPaper}},
	{"broker.secrets", []Adapter{AdapterTemplate}},
	{"broker.secret_files", []Adapter{AdapterTemplate}},
	{"broker.template", []Adapter{AdapterTemplate}},
	{"broker.alpaca", []Adapter{AdapterAlpaca}},
	{"broker.instruments", []Adapter{AdapterAlpaca, AdapterTemplate}},
}

// isRead reports whether the adapter reads the setting.
func (a Adapter) isRead(setting string) bool {
	for _, r := range readers {
		if setting == r.name || strings.HasPrefix(setting, r.name+".") {
			return slices.Contains(r.adapters, a)
		}
	}
	return true
}

// checkAdapter refuses settings that the adapter does not read: who set them
// believes that they do something.
func (b *Broker) checkAdapter() error {
	unset := defaultBroker()
	usual := walk(nil, "broker.", reflect.ValueOf(&unset).Elem())
	var faults []error
	for i, s := range walk(nil, "broker.", reflect.ValueOf(b).Elem()) {
		if s.isSet(usual[i].at) && !b.Adapter.isRead(s.path) {
			faults = append(faults, fmt.Errorf("%s: the %s adapter does not read it", s.path, b.Adapter))
		}
	}
	return errors.Join(faults...)
}

func (c *Config) checkBound() error {
	if c.Broker.LateArrivalBound != 0 && c.Broker.class() != order.ClassB {
		return fmt.Errorf("broker.late_arrival_bound: a broker of class %v enforces none", c.Broker.class())
	}
	if c.Broker.LateArrivalBound < 0 || c.Broker.LateArrivalBound > Duration(time.Hour) {
		return fmt.Errorf("broker.late_arrival_bound %v: 0s to 1h", c.Broker.LateArrivalBound)
	}
	if err := broker.CheckBound(time.Duration(c.Broker.LateArrivalBound)); err != nil {
		return fmt.Errorf("broker.late_arrival_bound: %w", err)
	}
	return nil
}

// readSecretFiles reads the secrets of templates.
func (b *Broker) readSecretFiles() error {
	for _, name := range slices.Sorted(maps.Keys(b.SecretFiles)) {
		if b.Secrets[name] != "" {
			return fmt.Errorf("broker.secrets.%s and broker.secret_files.%s are both set: one of them",
				name, name)
		}
		secret, err := readSecret(b.SecretFiles[name])
		if err != nil {
			return fmt.Errorf("broker.secret_files.%s: %w", name, err)
		}
		if b.Secrets == nil {
			b.Secrets = map[string]Secret{}
		}
		b.Secrets[name] = secret
	}
	return nil
}

// AlpacaConfig returns what the alpaca adapter is made of, but for its clock.
func (b *Broker) AlpacaConfig() alpaca.Config {
	return alpaca.Config{
		URL: b.URL, KeyID: b.Alpaca.KeyID.Reveal(), SecretKey: b.Alpaca.SecretKey.Reveal(),
		OrderType: b.Alpaca.OrderType, TimeInForce: b.Alpaca.TimeInForce, Instruments: b.Instruments,
	}
}

// TemplatedConfig returns what the template adapter is made of, but for its
// clock.
func (b *Broker) TemplatedConfig() templated.Config {
	secrets := make(map[string]string, len(b.Secrets))
	for name, secret := range b.Secrets {
		secrets[name] = secret.Reveal()
	}
	return templated.Config{
		URL: b.URL, Settings: b.Template, Claim: b.Promise(), Secrets: secrets, Instruments: b.Instruments,
	}
}
