// Package config has the settings of the protocol: their usual values, which are
// parts of the lease's ttl, and the bounds outside of which they are refused
// (PROTOCOL 4.3). Package core gives them their ordinary names.
package config
