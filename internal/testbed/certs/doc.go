// Package certs makes certificates for tests: an authority, and what it vouches
// for.
package certs
