package config

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Tracing says where spans are sent. Nothing is traced unless Endpoint is set.
type Tracing struct {
	// Endpoint is the base address of a collector that takes OTLP over HTTP, like
	// http://127.0.0.1:4318; /v1/traces is added.
	Endpoint string `yaml:"endpoint"`
	// Token and TokenFile are presented as a bearer token, if set.
	Token     Secret `yaml:"token"`
	TokenFile string `yaml:"token_file"`
	// Timeout bounds one export, 100ms to 30s; 5s unless it is set.
	Timeout Duration `yaml:"timeout"`
}

// defaultTracing returns the settings that hold unless they are set.
func defaultTracing() Tracing { return Tracing{Timeout: Duration(5 * time.Second)} }

// check judges the settings.
func (t *Tracing) check() error {
	var faults []error
	if t.Timeout < Duration(100*time.Millisecond) || t.Timeout > Duration(30*time.Second) {
		faults = append(faults, fmt.Errorf("tracing.timeout %v: 100ms to 30s", t.Timeout))
	}
	switch {
	case t.Endpoint == "" && t.Token != "":
		faults = append(faults, errors.New("tracing.token: without tracing.endpoint nothing is sent"))
	case t.Endpoint != "" && !webAddress(t.Endpoint):
		faults = append(faults,
			fmt.Errorf("tracing.endpoint %q: must be http or https with a host", t.Endpoint))
	case t.Token != "" && !reachable(t.Endpoint):
		faults = append(faults, errors.New("tracing.token: would cross the network readable; use https"))
	}
	return errors.Join(faults...)
}

// webAddress tells whether an address is one of http or https with a host alone, or
// with a path.
func webAddress(address string) bool {
	at, err := url.Parse(address)
	return err == nil && (at.Scheme == "http" || at.Scheme == "https") && at.Host != "" && at.User == nil &&
		at.RawQuery == "" && at.Fragment == ""
}
