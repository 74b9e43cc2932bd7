package fencepost

import (
	"strings"
	"testing"
)

// A broker that knows order ids would answer the second group's order with the
// first one's, for the same signal has the same id in both.
func TestOneAccountIsRefusedHoweverItIsSpelled(t *testing.T) {
	first := startable()
	first.Group, first.Broker.URL = "one", "https://broker.example/v1"
	first.Broker.Secrets = map[string]Secret{"key": "K", "secret": "S"}
	for _, c := range []struct {
		what   string
		change func(*Config)
		same   bool
	}{
		{"nothing", func(*Config) {}, true},
		{"letters", func(c *Config) { c.Broker.URL = "HTTPS://Broker.EXAMPLE/v1" }, true},
		{"the usual port", func(c *Config) { c.Broker.URL = "https://broker.example:443/v1/" }, true},
		{"the root of names", func(c *Config) { c.Broker.URL = "https://broker.example./v1" }, true},
		{"names of secrets", func(c *Config) {
			c.Broker.Secrets = map[string]Secret{"api_key": "K", "again": "K", "word": "S"}
		}, true},
		{"another host", func(c *Config) { c.Broker.URL = "https://other.example/v1" }, false},
		{"another port", func(c *Config) { c.Broker.URL = "https://broker.example:80/v1" }, false},
		{"another scheme", func(c *Config) { c.Broker.URL = "http://broker.example/v1" }, false},
		{"another path", func(c *Config) { c.Broker.URL = "https://broker.example/V1" }, false},
		{"another secret", func(c *Config) {
			c.Broker.Secrets = map[string]Secret{"key": "L", "secret": "S"}
		}, false},
	} {
		second := first
		second.Group = "two"
		c.change(&second)
		err := (&Groups{[]*Coordinator{{config: first}}}).agree(&second)
		refused := err != nil && strings.Contains(err.Error(), "the account of group one")
		if refused != c.same {
			t.Errorf("%s: %v", c.what, err)
		}
	}
}
