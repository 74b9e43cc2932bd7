package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"fencepost/internal/intake/payload"
)

// The bounds of a path token. A guess among tokens of sixteen characters is
// hopeless even without a limit on guesses.
const (
	minToken = 16
	maxToken = 128
)

// The bounds of the other settings of webhooks.
const (
	minConnections = 16
	maxConnections = 65536
	maxSigned      = time.Hour
	maxAhead       = 365 * 24 * time.Hour
	maxWindow      = 7 * 24 * time.Hour
)

// tokenShape is what needs no escaping in a path.
var tokenShape = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// check judges who may send signals, and how.
func (w *Webhook) check() error {
	var faults []error
	fault := func(setting string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", setting, err))
		}
	}
	proxies, err := w.Proxies()
	fault("webhook.trusted_proxies", err)
	for _, p := range proxies {
		if p.Bits() == 0 {
			fault("webhook.trusted_proxies", fmt.Errorf("%v is everybody", p))
		}
	}
	if n := w.MaxConnections; n < minConnections || n > maxConnections {
		fault("webhook.max_connections", fmt.Errorf("%d: %d to %d", n, minConnections, maxConnections))
	}
	if n := w.MaxConnectionsPerAddress; n < 1 || n > w.MaxConnections {
		fault("webhook.max_connections_per_address", fmt.Errorf("%d: 1 to max_connections", n))
	}
	fault("webhook.similar", w.Similar.check())
	owner := map[Secret]string{}
	for _, name := range slices.Sorted(maps.Keys(w.Sources)) {
		where, source := "webhook.sources."+name, w.Sources[name]
		faults = append(faults, checkName(where, name), source.checkTokens(where, name, owner),
			source.checkSigning(where))
		_, err := source.AddressList()
		fault(where+".addresses", err)
		_, err = source.Zone()
		fault(where+".timezone", err)
		fault(where+".future_tolerance", checkSpan(source.FutureTolerance, time.Second, maxAhead))
		if source.Similar != nil {
			fault(where+".similar", source.Similar.check())
		}
		fault(where+".fields", checkFields(&source.Fields))
	}
	return errors.Join(faults...)
}

// checkSpan judges a span that may be left out.
func checkSpan(d Duration, least, most time.Duration) error {
	if d != 0 && (d < Duration(least) || d > Duration(most)) {
		return fmt.Errorf("%v: %v to %v", d, least, most)
	}
	return nil
}

// checkTokens judges a source's path tokens; owner holds those of the others.
func (s *Source) checkTokens(where, name string, owner map[Secret]string) error {
	var faults []error
	if n := len(s.Tokens); n == 0 || n > 2 {
		faults = append(faults,
			fmt.Errorf("%s: %d tokens; one, or two while one replaces the other", where, n))
	}
	for i, token := range s.Tokens {
		if n := len(token); n < minToken || n > maxToken || !tokenShape.MatchString(token.Reveal()) {
			faults = append(faults, fmt.Errorf(
				"%s: token %d: %d to %d letters, digits or . _ ~ -", where, i+1, minToken, maxToken))
		}
		if other, taken := owner[token]; taken {
			faults = append(faults, fmt.Errorf("%s: token %d is also one of %s", where, i+1, other))
		}
		owner[token] = name
	}
	return errors.Join(faults...)
}

// checkSigning judges what belongs to a source's signatures.
func (s *Source) checkSigning(where string) error {
	var faults []error
	if _, err := s.Secrets(); err != nil {
		faults = append(faults, fmt.Errorf("%s: %w", where, err))
	}
	if n := len(s.SigningSecrets); n > 2 {
		faults = append(faults,
			fmt.Errorf("%s: %d signing secrets; one, or two while one replaces the other", where, n))
	}
	if err := checkSpan(s.SignatureTolerance, time.Second, maxSigned); err != nil {
		faults = append(faults, fmt.Errorf("%s.signature_tolerance: %w", where, err))
	}
	if s.SignatureTolerance != 0 && len(s.SigningSecrets) == 0 {
		faults = append(faults,
			fmt.Errorf("%s.signature_tolerance: without a signing secret no signature is looked at", where))
	}
	return errors.Join(faults...)
}

// check judges how similar signals are treated.
func (s *Similar) check() error {
	if s.Window == 0 && s.Answer != "" {
		return errors.New("an answer without a window is never given")
	}
	if err := checkSpan(s.Window, time.Millisecond, maxWindow); err != nil {
		return fmt.Errorf("window %w", err)
	}
	return nil
}

// checkFields judges a mapping. Whatever a sender's word is replaced by for the
// type must be a type, else the mapping refuses what it was made for.
func checkFields(m *payload.Mapping) error {
	faults := []error{m.Check()}
	for _, from := range slices.Sorted(maps.Keys(m.Type.Values)) {
		to := m.Type.Values[from]
		if slices.Contains(payload.Types(), to) {
			continue
		}
		fault := fmt.Errorf("type.values.%s %q: must be one of %s", from, to,
			strings.Join(payload.Types(), ", "))
		if near := nearest(to, payload.Types()); near != "" {
			fault = fmt.Errorf("%w; did you mean %s?", fault, near)
		}
		faults = append(faults, fault)
	}
	return errors.Join(faults...)
}

// readSecretFiles reads the tokens and the signing secrets that stand in files.
func (w *Webhook) readSecretFiles() error {
	for _, name := range slices.Sorted(maps.Keys(w.Sources)) {
		source := w.Sources[name]
		for _, list := range []struct {
			setting string
			files   *[]string
			to      *[]Secret
		}{
			{"token_files", &source.TokenFiles, &source.Tokens},
			{"signing_secret_files", &source.SigningSecretFiles, &source.SigningSecrets},
		} {
			// A list of its own: the one of the map's entry may be shared.
			*list.to = slices.Clone(*list.to)
			for _, file := range *list.files {
				secret, err := readSecret(file)
				if err != nil {
					return fmt.Errorf("webhook.sources.%s.%s: %w", name, list.setting, err)
				}
				*list.to = append(*list.to, secret)
			}
			*list.files = nil
		}
		w.Sources[name] = source
	}
	return nil
}
