// Package scrape reads what a process says of itself in the text form of
// Prometheus.
package scrape
