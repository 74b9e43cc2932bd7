package config

import (
	"fmt"
	"time"
	_ "time/tzdata" // the zones of senders are known on a machine without a database of zones too

	"github.com/goccy/go-yaml/ast"

	"fencepost/internal/intake/origin"
	"fencepost/internal/intake/payload"
	"fencepost/internal/intake/signature"
)

// Webhook says who may send signals, and how.
type Webhook struct {
	// Sources maps a source's name to what is known of it. A webhook of nobody
	// among them is answered with 404.
	Sources map[string]Source `yaml:"sources"`
	// TrustedProxies are the addresses and networks whose X-Forwarded-For is
	// believed, read from the right. Without one the other end of the connection
	// is the sender, whatever the header says; a proxy that is not listed then
	// stands for everybody behind it.
	TrustedProxies []string `yaml:"trusted_proxies"`
	// MaxConnections is how many connections may be open to which no known token
	// was presented yet, 16 to 65536; as many again may be open to known sources.
	// Beyond it the oldest connection of whoever has the most is closed.
	MaxConnections int `yaml:"max_connections"`
	// MaxConnectionsPerAddress is how many of these one address may hold for longer
	// than a second, 1 to MaxConnections; beyond it the oldest of its own is closed. Listed addresses
	// of sources and trusted proxies have no such bound.
	MaxConnectionsPerAddress int `yaml:"max_connections_per_address"`
	// Similar is how signals are treated that say the same as another, for
	// sources that do not say so themselves.
	Similar Similar `yaml:"similar"`
}

// Source is one sender of signals.
type Source struct {
	// Tokens and TokenFiles are the secret path tokens, 16 to 128 letters, digits
	// or . _ ~ -. At most two are live, so that one can be replaced without an
	// interruption.
	Tokens     []Secret `yaml:"tokens"`
	TokenFiles []string `yaml:"token_files"`
	// SigningSecrets and SigningSecretFiles are secrets of the form whsec_BASE64,
	// 24 to 64 bytes, at most two of them live. With one, every webhook of the
	// source must be signed by the Standard Webhooks convention; without, a
	// signature is not looked at.
	SigningSecrets     []Secret `yaml:"signing_secrets"`
	SigningSecretFiles []string `yaml:"signing_secret_files"`
	// SignatureTolerance is how far the instant of the signing may lie from this
	// machine's clock, 1s to 1h; 5m unless it is set. What was signed outside it is
	// refused; inside it a repetition is answered from memory.
	SignatureTolerance Duration `yaml:"signature_tolerance"`
	// Addresses are the addresses and networks that the source sends from; any if
	// there is none. Others are refused with 403.
	Addresses []string `yaml:"addresses"`
	// Timezone is the zone of a timestamp that names none, like Asia/Kolkata.
	// Unless it is set such a timestamp is compared with no clock.
	Timezone string `yaml:"timezone"`
	// FutureTolerance is how far a timestamp may lie ahead of the database's
	// clock, 1s to 8760h; 5m unless it is set. Beyond it the signal is held for a
	// person, with an alert. A timestamp that cannot be read as an instant is
	// compared with no clock, and an old one is never refused: what a signal may
	// wait counts from its arrival.
	FutureTolerance Duration `yaml:"future_tolerance"`
	// Similar is how this source's signals are treated that say the same as
	// another, instead of the setting for all; a window of 0s turns it off.
	Similar *Similar `yaml:"similar"`
	// Fields says which member of the body holds which field of the signal. A field
	// that is not mapped stands under its own name.
	Fields payload.Mapping `yaml:"fields"`
}

// Similar says what becomes of a signal that says the same as another: the same
// instrument, type and position under another key. All instances of a group must
// have the same.
type Similar struct {
	// Window is for how long after one signal another is similar to it, up to
	// 168h; 0s looks for none.
	Window Duration `yaml:"window"`
	// Answer is held, which keeps a similar signal for a person with an alert, or
	// rejected, which refuses it for the reason similar; held unless it is set.
	Answer SimilarAnswer `yaml:"answer"`
}

// SimilarAnswer says what becomes of a similar signal; empty if it was not set.
type SimilarAnswer string

// The answers.
const (
	SimilarHeld     SimilarAnswer = "held"
	SimilarRejected SimilarAnswer = "rejected"
)

// UnmarshalText reads the answer.
func (a *SimilarAnswer) UnmarshalText(text []byte) error {
	return choose(a, text, SimilarHeld, SimilarRejected)
}

// UnmarshalYAML reads the answer and keeps its place for the error.
func (a *SimilarAnswer) UnmarshalYAML(node ast.Node) error { return scalar(node, a.UnmarshalText) }

// usualTolerance is how far the clocks of senders may go wrong.
const usualTolerance = 5 * time.Minute

// defaultWebhook returns the settings of webhooks that hold unless they are set.
func defaultWebhook() Webhook {
	return Webhook{MaxConnections: 512, MaxConnectionsPerAddress: 32}
}

// Proxies returns the trusted proxies.
func (w *Webhook) Proxies() (origin.List, error) { return origin.ParseList(w.TrustedProxies) }

// SimilarOf returns how the similar signals of a source are treated.
func (w *Webhook) SimilarOf(s *Source) Similar {
	if s.Similar != nil {
		return *s.Similar
	}
	return w.Similar
}

// Secrets returns the signing secrets. An error does not hold one.
func (s *Source) Secrets() ([]signature.Secret, error) {
	secrets := make([]signature.Secret, 0, len(s.SigningSecrets))
	for i, text := range s.SigningSecrets {
		secret, err := signature.ParseSecret(text.Reveal())
		if err != nil {
			return nil, fmt.Errorf("signing secret %d: %w", i+1, err)
		}
		secrets = append(secrets, secret)
	}
	return secrets, nil
}

// AddressList returns where the source sends from.
func (s *Source) AddressList() (origin.List, error) { return origin.ParseList(s.Addresses) }

// Zone returns the zone of a timestamp that names none, nil if none was set.
func (s *Source) Zone() (*time.Location, error) {
	switch s.Timezone {
	case "":
		return nil, nil
	case "Local":
		return nil, fmt.Errorf("%q: name the zone; the machine's own is another on another machine",
			s.Timezone)
	default:
		return time.LoadLocation(s.Timezone)
	}
}

// SignedWithin returns how far the instant of a signing may lie from now.
func (s *Source) SignedWithin() time.Duration { return orUsual(s.SignatureTolerance) }

// AheadWithin returns how far a timestamp may lie ahead.
func (s *Source) AheadWithin() time.Duration { return orUsual(s.FutureTolerance) }

func orUsual(d Duration) time.Duration {
	if d == 0 {
		return usualTolerance
	}
	return time.Duration(d)
}
